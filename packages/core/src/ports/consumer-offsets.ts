import { BackendError } from '../errors.ts';
import type { Place } from '../model/place.ts';
import { escapeKeyPart, type TaskKey } from '../task-key.ts';

/**
 * What named consumers have acknowledged, per task: it lasts as long as the task's log, and goes
 * with it when that is erased.
 *
 * Both fail with a coded error (`unreachable` is worth another try), and with `invalid-key` for a
 * name or key that no table can hold; a save that failed may have happened all the same.
 */
export interface ConsumerOffsets {
  /** What the consumer has acknowledged, strongly consistent; nothing if it never has. */
  load(key: TaskKey, consumer: string): Promise<Place | undefined>;
  /**
   * Remembers the place unless the same or a later one is remembered. `now`, in milliseconds since
   * the epoch, renews how long that is kept.
   */
  save(key: TaskKey, consumer: string, place: Place, now: number): Promise<void>;
}

/** The longest name of a consumer, escaped, in bytes: a sort key holds 1,024. */
const MAX_CONSUMER_BYTES = 512;

/** Throws `invalid-key` for a name that no table can hold. */
export function assertConsumer(consumer: string): void {
  const bytes = Buffer.byteLength(escapeKeyPart(consumer));
  if (consumer === '' || !consumer.isWellFormed() || bytes > MAX_CONSUMER_BYTES) {
    throw new BackendError('invalid-key', 'A consumer needs a well-formed name, not too long.');
  }
}
