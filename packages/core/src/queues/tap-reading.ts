import { BackendError } from '../errors.ts';
import { comparePlaces, FIRST_PLACE, type Place, placeAt } from '../model/place.ts';
import { assertConsumer } from '../ports/consumer-offsets.ts';
import type { TaskKey } from '../task-key.ts';
import { DEFAULT_MAX_QUEUE_SIZE, type TapOptions } from './event-queue.ts';
import type { EventTapReading } from './event-tap.ts';
import { OffsetWriter } from './offset-writer.ts';
import type { QueueDeps } from './queue-host.ts';

/**
 * Resolves with the parameters of a tap with these options, among them its start; a named consumer
 * starts after the last event that it has acknowledged. Rejects with `configuration` or
 * `invalid-key` for invalid options.
 */
export async function tapReading(
  key: TaskKey,
  { after, maxQueueSize = DEFAULT_MAX_QUEUE_SIZE, consumer, signal }: TapOptions,
  deps: QueueDeps,
): Promise<EventTapReading> {
  if (after !== undefined && (!Number.isSafeInteger(after) || after < 0)) {
    throw new BackendError('configuration', 'after is the generation of an event, or 0.');
  }
  if (!(maxQueueSize >= 1)) {
    throw new BackendError('configuration', 'maxQueueSize must be at least 1.');
  }
  const asked = after === undefined ? undefined : placeAt(after);
  if (consumer === undefined) return { start: asked, maxQueueSize, signal };
  assertConsumer(consumer);
  const known = await deps.offsets.load(key, consumer);
  const start = later(asked ?? FIRST_PLACE, known ?? FIRST_PLACE);
  return { start, maxQueueSize, signal, offsets: new OffsetWriter(key, consumer, deps) };
}

function later(a: Place, b: Place): Place {
  return comparePlaces(a, b) < 0 ? b : a;
}
