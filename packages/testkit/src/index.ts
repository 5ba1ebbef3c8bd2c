export {
  type ConsumerOffsetsUnderTest,
  consumerOffsetsSuite,
} from './consumer-offsets-suite.ts';
export { type CursorStoreUnderTest, cursorStoreSuite } from './cursor-store-suite.ts';
export type {
  FanoutCapabilities,
  FanoutPart,
  FanoutUnderTest,
} from './fanout/fanout-under-test.ts';
export { fanoutSuite } from './fanout-suite.ts';
export type { InstanceRegistryUnderTest } from './instance-registry/instance-registry-under-test.ts';
export { instanceRegistrySuite } from './instance-registry-suite.ts';
export { listedTasks } from './listed-tasks.ts';
export type { LogStorageUnderTest } from './log-storage/log-storage-under-test.ts';
export { logStorageSuite } from './log-storage-suite.ts';
export { type PushLedgerUnderTest, pushLedgerSuite } from './push-ledger-suite.ts';
export {
  type PushNotificationStoreCapabilities,
  type PushNotificationStoreUnderTest,
  pushNotificationStoreSuite,
} from './push-notification-store-suite.ts';
export { collect, loadWhole, noise, sampleRecord } from './sample-log.ts';
export { taskLogSuite } from './task-log-suite.ts';
export type { TaskStoreCapabilities } from './task-store/capabilities.ts';
export type { DeletingTaskStore, TaskStoreUnderTest } from './task-store/task-store-under-test.ts';
export { taskStoreSuite } from './task-store-suite.ts';
