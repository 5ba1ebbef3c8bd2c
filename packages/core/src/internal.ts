/** For the other packages of this project. These exports may change in any release. */
export { deepCopy } from './a2a/deep-copy.ts';
export {
  agentMessage,
  eventFromJson,
  eventStatus,
  eventTaskId,
  eventToJson,
  isInterrupted,
  isTerminal,
} from './a2a/event.ts';
export { exactJson, isShallow } from './a2a/exact-json.ts';
export { limitHistory } from './a2a/history-limit.ts';
export { KeyedSerialQueue, mapConcurrent, Semaphore, SerialQueue } from './concurrency.ts';
export type { Doorbell } from './doorbells/doorbell.ts';
export {
  type DecodedMessage,
  decodeMessage,
  encodeDoorbell,
  isJoinable,
  joinMessages,
} from './doorbells/doorbell-codec.ts';
export { checkSeal, type Seal, type SealCheck, sealer } from './doorbells/doorbell-seal.ts';
export { type RotationDeps, rotateKeys } from './doorbells/key-rotation.ts';
export { Keyring } from './doorbells/keyring.ts';
export { PollingFanout } from './doorbells/polling-fanout.ts';
export { isRoundOf, roundName } from './doorbells/queue-round.ts';
export { fencedError, TRANSIENT_CODES } from './errors.ts';
export { type CleanupReport, runCleanupRound } from './fleet/cleanup-round.ts';
export { Instance, type InstancePhase, isLasting } from './fleet/instance.ts';
export type { ControlPorts, InstanceDeps, PushDelivery } from './fleet/instance-deps.ts';
export type { JanitorStats } from './fleet/janitor.ts';
export { LeaseObserver } from './fleet/lease-observer.ts';
export { Backlog } from './log/backlog.ts';
export { inSlices, Pace } from './log/pace.ts';
export { DEFAULT_MAX_RECORD_DELAY_MS } from './log/record-delay.ts';
export { maxUnpaidRecords } from './log/snapshotter.ts';
export { TaskLog, type TaskLogDeps } from './log/task-log.ts';
export type { Appended } from './log/waiting-proposals.ts';
export { errorFields, thrownFields } from './logging/error-fields.ts';
export { LOG_LEVELS } from './logging/log-level.ts';
export { RetriedStep, type RetriedStepDeps } from './logging/retried-step.ts';
export {
  jsonLogger,
  type RootLoggerOptions,
  rootLogger,
  stderrLines,
  stderrLogger,
} from './logging/root-logger.ts';
export { loggedId, ownerHash, taskFields } from './logging/task-fields.ts';
export { type AppliedRecord, applyRecord, type Delivery, Fold } from './model/fold.ts';
export { asGeneration, generationAfter, generationBefore } from './model/generation.ts';
export { passes } from './model/list-filter.ts';
export { taskHead } from './model/listed-task.ts';
export { placeAt } from './model/place.ts';
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
  proposePush,
  proposeResume,
  proposeStart,
  type Stamp,
} from './model/proposal.ts';
export {
  countEvents,
  type EncodedEntry,
  encode,
  holds,
  MAX_BODY_BYTES,
  MAX_ENTRY_BYTES,
  parseBody,
  RECORD_VERSION,
  recordBody,
} from './model/record.ts';
export type { Refusal } from './model/refusal.ts';
export { checkedRetention, expiresAt, MIN_RETENTION_MS } from './model/retention.ts';
export { type RetryRule, retriedRun } from './model/retried-run.ts';
export { blockingResult, firstEventGeneration, isUsed } from './model/run-outcome.ts';
export type { RunState } from './model/run-state.ts';
export { inOneGo, type Sliced } from './model/sliced.ts';
export { compareSlots, FIRST_SLOT, nextSlot, parseSlot, slotAt, slotText } from './model/slot.ts';
export { encodeSnapshot, MAX_SNAPSHOT_BYTES } from './model/snapshot.ts';
export {
  EMPTY_STATE,
  type LogState,
  type LogStatus,
  openRuns,
  type RunResult,
  runResult,
} from './model/state.ts';
export { type CopyOptions, copyingTask, type TaskPicture } from './model/task-picture.ts';
export {
  type GenerationRule,
  isGeneration,
  wireGeneration,
} from './model/wire-generation.ts';
export { assertOptionNames, type OptionNames } from './option-names.ts';
export { overriding } from './overriding.ts';
export { elapsed, sleep, withTimeout } from './ports/clock.ts';
export { systemCompression } from './ports/compression.ts';
export { assertConsumer } from './ports/consumer-offsets.ts';
export { derivedUuid, shortId } from './ports/entropy.ts';
export { newFleetKey } from './ports/fleet-keys.ts';
export { LOG_METHODS, loggerOf, withFields } from './ports/logger.ts';
export type { PushDispatcher } from './pushes/push-dispatcher.ts';
export type {
  FailedPush,
  PushedEvent,
  PushOutcome,
  PushReceiver,
  PushRetry,
  PushTransport,
} from './pushes/push-transport.ts';
export { DistributedEventQueue } from './queues/distributed-event-queue.ts';
export { LogQueueManager } from './queues/log-queue-manager.ts';
export type { QueueDeps, QueueHost } from './queues/queue-host.ts';
export { RateMeter } from './rate-meter.ts';
export { LogTap, type TapStart, taskAt } from './reading/log-tap.ts';
export type { OpenLog } from './reading/open-log.ts';
export { OpenLogs, type OpenLogsDeps } from './reading/open-logs.ts';
export { type BackoffRange, backoff } from './retry.ts';
export type { CancelOutcome } from './runs/cancel.ts';
export type { Begun, RunRequest } from './runs/intents.ts';
export type { Resumer, Resumption } from './runs/resumption.ts';
export type { Run, StopReason, Stored } from './runs/run.ts';
export { DEFAULT_CANCEL_DEADLINE_MS } from './runs/runner-cancel-deadline.ts';
export {
  callDetails,
  isPassingName,
  type ServiceFault,
  serviceErrorNames,
  serviceFault,
  tracedClient,
} from './service-error.ts';
export { importTasks } from './stores/import-tasks.ts';
export { LogTaskStore, type LogTaskStoreDeps } from './stores/log-task-store.ts';
export { listTasks, type ReadTask, readTask } from './stores/task-list.ts';
export {
  assertScope,
  assertTaskKey,
  escapeKeyPart,
  joinKey,
  MAX_TASK_KEY_BYTES,
  taskKeyHash,
  taskKeyText,
  unescapeKeyPart,
} from './task-key.ts';
