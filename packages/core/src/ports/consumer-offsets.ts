import { BackendError } from '../errors.ts';
import type { Place } from '../model/place.ts';
import { escapeKeyPart, type TaskKey } from '../task-key.ts';

/**
 * The place up to which each named consumer has acknowledged each task's events. Places are kept as
 * long as the task's log, and are removed when it is erased.
 *
 * Both methods reject with a coded error (`unreachable` is worth another try), and with
 * `invalid-key` for a name or key that no table can hold. A save that failed may still have taken
 * effect.
 */
export interface ConsumerOffsets {
  /**
   * Resolves with the place that the consumer has acknowledged, strongly consistent; `undefined` if
   * it has acknowledged none.
   */
  load(key: TaskKey, consumer: string): Promise<Place | undefined>;
  /**
   * Stores the place unless the same or a later one is stored. `now`, in milliseconds since the
   * epoch, renews how long the place is kept.
   */
  save(key: TaskKey, consumer: string, place: Place, now: number): Promise<void>;
}

/** The longest name of a consumer in bytes, escaped: a sort key holds 1,024. */
const MAX_CONSUMER_BYTES = 512;

/** Throws `invalid-key` for a name that no table can hold. */
export function assertConsumer(consumer: string): void {
  const bytes = Buffer.byteLength(escapeKeyPart(consumer));
  if (consumer === '' || !consumer.isWellFormed() || bytes > MAX_CONSUMER_BYTES) {
    throw new BackendError('invalid-key', 'A consumer needs a well-formed name, not too long.');
  }
}
