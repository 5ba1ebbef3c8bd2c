export { createFanoutClients, type FanoutClientOptions, type FanoutClients } from './clients.ts';
export { DirectFanout, type DirectFanoutOptions } from './direct-fanout.ts';
export {
  QueueSweep,
  type QueueSweepOptions,
  type Suspects,
  type SweepReport,
} from './queue/leaseless-queue-sweep.ts';
export { queueDefaults, queueName, queueNamePattern, queueTag } from './queue/queue-definition.ts';
export {
  QueueLifecycleManager,
  type QueueLifecycleManagerOptions,
  type QueueProvisionResult,
} from './queue/queue-lifecycle-manager.ts';
export { type PolicyDocument, type PolicyStatement, queuePolicy } from './queue/queue-policy.ts';
export { SnsFanout, type SnsFanoutOptions } from './sns-fanout.ts';
export { TARGET_ATTRIBUTE, topicDefinition } from './topic/topic-definition.ts';
