export type { TaskEvent } from './a2a/event.ts';
export {
  BackendError,
  type BackendErrorCode,
  type BackendErrorOptions,
  type CallDetails,
  errorCode,
  isTransient,
} from './errors.ts';
export { DEFAULT_LEASE_SETTINGS, type LeaseSettings } from './fleet/lease-settings.ts';
export type { LogLevel } from './logging/log-level.ts';
export { MemoryConsumerOffsets } from './memory/memory-consumer-offsets.ts';
export { MemoryFanout, type MemoryQueue, type MemoryQueues } from './memory/memory-fanout.ts';
export { MemoryInstanceRegistry } from './memory/memory-instance-registry.ts';
export { MemoryLogStorage } from './memory/memory-log-storage.ts';
export { MemoryPushLedger } from './memory/memory-push-ledger.ts';
export type {
  AgentError,
  Entry,
  EventEntry,
  PushEntry,
  PushTerms,
  StartEntry,
} from './model/entry.ts';
export { asGeneration, type Generation } from './model/generation.ts';
export type { ListFilter } from './model/list-filter.ts';
export type { ListedTask, TaskHead } from './model/listed-task.ts';
export type { Place } from './model/place.ts';
export type { LogRecord } from './model/record.ts';
export { DEFAULT_RETENTION_MS } from './model/retention.ts';
export type { Slot } from './model/slot.ts';
export type { Snapshot, SnapshotName, StoredSnapshot } from './model/stored-snapshot.ts';
export { type Clock, systemClock } from './ports/clock.ts';
export type { Compression } from './ports/compression.ts';
export type { ConsumerOffsets } from './ports/consumer-offsets.ts';
export { type Entropy, systemEntropy } from './ports/entropy.ts';
export type {
  Fanout,
  FanoutAddress,
  FanoutReceiver,
  FanoutStats,
  FormerAddress,
  TeardownProof,
} from './ports/fanout.ts';
export type { FleetKey, FleetKeySet, FleetKeys } from './ports/fleet-keys.ts';
export type {
  InstanceRegistry,
  Intent,
  Lease,
  LeaseTerms,
  RetiredLease,
  WatchRow,
} from './ports/instance-registry.ts';
export type { LogStorage, PutOutcome, SnapshotOutcome, StoredLog } from './ports/log-storage.ts';
export {
  type LogFields,
  type Logger,
  type LogMethod,
  type LogSink,
  silentLogger,
} from './ports/logger.ts';
export type {
  Claimed,
  PushClaim,
  PushLedger,
  PushPlace,
  PushProgress,
  Released,
  TaskPushes,
} from './ports/push-ledger.ts';
export { EventConsumer } from './queues/event-consumer.ts';
export type { CloseOptions, EventQueue, TapOptions } from './queues/event-queue.ts';
export { EventTap } from './queues/event-tap.ts';
export { InMemoryQueueManager } from './queues/in-memory-queue-manager.ts';
export {
  AgentErrorRaised,
  NoTaskQueue,
  QueueShutDown,
  TaskQueueExists,
} from './queues/queue-errors.ts';
export type { QueueManager, QueueOptions } from './queues/queue-manager.ts';
export type { EnqueuedEvent, ErrorEvent, QueuedEvent, QueueEvent } from './queues/queued-event.ts';
export type { ImportSource, ImportSummary } from './stores/import-tasks.ts';
export type { Scope, TaskKey } from './task-key.ts';
