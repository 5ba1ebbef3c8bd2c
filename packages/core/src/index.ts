export { deepCopy } from './a2a/deep-copy.ts';
export {
  agentMessage,
  eventFromJson,
  eventStatus,
  eventTaskId,
  eventToJson,
  isInterrupted,
  isTerminal,
  type TaskEvent,
} from './a2a/event.ts';
export { exactJson, isShallow } from './a2a/exact-json.ts';
export { limitHistory } from './a2a/history-limit.ts';
export { backoff } from './backoff.ts';
export { type Clock, elapsed, sleep, systemClock, within } from './clock.ts';
export { derivedUuid, type Entropy, shortId, systemEntropy } from './entropy.ts';
export {
  BackendError,
  type BackendErrorCode,
  type BackendErrorOptions,
  type CallDetails,
  errorCode,
  isTransient,
  TRANSIENT_CODES,
} from './errors.ts';
export type { Doorbell } from './feed/doorbell.ts';
export {
  decodeMessage,
  encodeDoorbell,
  type Heard,
  isJoinable,
  joinMessages,
} from './feed/doorbell-message.ts';
export { checkSeal, type Seal, type SealCheck, sealer } from './feed/doorbell-seal.ts';
export type {
  Fanout,
  FanoutAddress,
  FanoutReceiver,
  FanoutStats,
  FormerAddress,
  TeardownProof,
} from './feed/fanout.ts';
export { Feed, type FeedDeps } from './feed/feed.ts';
export { type FleetKey, type FleetKeySet, type FleetKeys, newFleetKey } from './feed/fleet-keys.ts';
export { type RotationDeps, rotateKeys } from './feed/key-rotation.ts';
export { Keyring } from './feed/keyring.ts';
export { MemoryFanout, type MemoryQueue, type MemoryQueues } from './feed/memory-fanout.ts';
export type { OpenLog } from './feed/open-log.ts';
export { PollingFanout } from './feed/polling-fanout.ts';
export { isRoundOf, roundName } from './feed/queue-round.ts';
export { Tap, taskAt } from './feed/tap.ts';
export { inParallel } from './in-parallel.ts';
export type { CancelOutcome } from './instances/cancel.ts';
export { DEFAULT_CANCEL_DEADLINE_MS } from './instances/cancel-deadline.ts';
export {
  type ControlPorts,
  Instance,
  type InstanceDeps,
  type InstancePhase,
  isLasting,
} from './instances/instance.ts';
export type { JanitorStats } from './instances/janitor.ts';
export { LeaseObserver } from './instances/lease-observer.ts';
export { MemoryInstanceRegistry } from './instances/memory-registry.ts';
export { type PatrolReport, patrol } from './instances/patrol.ts';
export type {
  InstanceRegistry,
  Lease,
  LeaseTerms,
  RetiredLease,
  RunRow,
  WatchRow,
} from './instances/registry.ts';
export type { Resumer, Resumption } from './instances/resumption.ts';
export type { Run, StopReason, Stored } from './instances/run.ts';
export type { Begun, RunRequest } from './instances/runs.ts';
export { DEFAULT_LEASE_SETTINGS, type LeaseSettings } from './instances/settings.ts';
export { limiter } from './limiter.ts';
export { Backlog } from './log/backlog.ts';
export type { AgentError, Entry, EventEntry, StartEntry } from './log/entry.ts';
export { type Delivery, Fold, type Step, stepRecord } from './log/fold.ts';
export { type ListFilter, passes } from './log/list-filter.ts';
export { maxUnpaidRecords } from './log/log-upkeep.ts';
export { MemoryLogStorage } from './log/memory-storage.ts';
export {
  type Author,
  type Decision,
  type Proposal,
  proposeAnswer,
  proposeCancel,
  proposeDelete,
  proposeEnd,
  proposeEvent,
  proposeFailure,
  proposeFence,
  proposeForcedCancel,
  proposeResume,
  proposeStart,
  type Refusal,
  type Stamp,
} from './log/proposal.ts';
export {
  type EncodedEntry,
  encode,
  holds,
  type LogRecord,
  MAX_BODY_BYTES,
  MAX_ENTRY_BYTES,
  parseBody,
  RECORD_VERSION,
  recordBody,
} from './log/record.ts';
export {
  checkedRetention,
  DEFAULT_RETENTION_MS,
  expiresAt,
  MIN_RETENTION_MS,
} from './log/retention.ts';
export {
  blockingResult,
  firstEventAt,
  isUsed,
  type RetryRule,
  retriedRun,
} from './log/run-outcome.ts';
export { compareSlots, FIRST_SLOT, nextSlot, parseSlot, type Slot, slotText } from './log/slot.ts';
export { encodeSnapshot, MAX_SNAPSHOT_BYTES } from './log/snapshot.ts';
export {
  EMPTY_STATE,
  type LogState,
  type LogStatus,
  openRuns,
  type RunResult,
  type RunState,
  runResult,
} from './log/state.ts';
export {
  type ListedTask,
  type LogStorage,
  type PutOutcome,
  type Snapshot,
  type SnapshotName,
  type SnapshotOutcome,
  type StoredLog,
  type StoredSnapshot,
  type TaskHead,
  taskHead,
} from './log/storage.ts';
export { type Appended, TaskLog, type TaskLogDeps } from './log/task-log.ts';
export { type CopyOptions, copyingTask, type TaskPicture } from './log/task-picture.ts';
export {
  LOG_METHODS,
  type LogFields,
  type Logger,
  type LogMethod,
  type LogSink,
  loggerOf,
  silentLogger,
  withFields,
} from './logger.ts';
export { errorFields, thrownFields } from './logging/error-fields.ts';
export { LOG_LEVELS, type LogLevel } from './logging/log-level.ts';
export { RetriedStep, type RetriedStepDeps } from './logging/retried-step.ts';
export {
  jsonLogger,
  type RootLoggerOptions,
  rootLogger,
  stderrLines,
  stderrLogger,
} from './logging/root-logger.ts';
export { loggedId, ownerHash, taskFields } from './logging/task-fields.ts';
export { assertOptionNames, type OptionNames } from './option-names.ts';
export { overriding } from './overriding.ts';
export { inOneGo, inSlices, Pace } from './pace.ts';
export { assertConsumer, type ConsumerOffsets } from './queues/consumer-offsets.ts';
export { DistributedEventQueue } from './queues/distributed-event-queue.ts';
export { EventConsumer } from './queues/event-consumer.ts';
export type { CloseOptions, EventQueue, TapOptions } from './queues/event-queue.ts';
export { EventTap } from './queues/event-tap.ts';
export { InMemoryQueueManager } from './queues/in-memory-queue-manager.ts';
export { LogQueueManager } from './queues/log-queue-manager.ts';
export { MemoryConsumerOffsets } from './queues/memory-consumer-offsets.ts';
export {
  AgentErrorRaised,
  NoTaskQueue,
  QueueShutDown,
  TaskQueueExists,
} from './queues/queue-errors.ts';
export type { QueueDeps, QueueHost } from './queues/queue-host.ts';
export type { QueueManager, QueueOptions } from './queues/queue-manager.ts';
export type {
  EnqueuedEvent,
  ErrorEvent,
  Place,
  QueuedEvent,
  QueueEvent,
} from './queues/queued-event.ts';
export {
  callDetails,
  isPassingName,
  type ServiceFault,
  serviceErrorNames,
  serviceFault,
  tracedClient,
} from './service-error.ts';
export { type ImportSource, type ImportSummary, importTasks } from './stores/import-tasks.ts';
export { LogTaskStore, type LogTaskStoreDeps } from './stores/log-task-store.ts';
export { listTasks, type ReadTask, readTask } from './stores/task-list.ts';
export {
  assertScope,
  assertTaskKey,
  escapeKeyPart,
  joinKey,
  MAX_TASK_KEY_BYTES,
  type Scope,
  type TaskKey,
  taskKeyHash,
  taskKeyText,
  unescapeKeyPart,
} from './task-key.ts';
