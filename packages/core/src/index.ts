export { type Clock, sleep, systemClock, within } from './clock.ts';
export { type Entropy, systemEntropy } from './entropy.ts';
export { BackendError, type BackendErrorCode, errorCode, isTransient } from './errors.ts';
export type { Fanout, FanoutAddress, FanoutReceiver, FanoutStats } from './feed/fanout.ts';
export type { InstanceRegistry, Lease, RunRow, WatchRow } from './instances/registry.ts';
export { type LogFields, type Logger, silentLogger, stderrLogger } from './logger.ts';
export {
  assertTaskKey,
  escapeKeyPart,
  joinKey,
  MAX_TASK_KEY_BYTES,
  type Scope,
  type TaskKey,
  taskKeyHash,
  taskKeyText,
} from './task-key.ts';
