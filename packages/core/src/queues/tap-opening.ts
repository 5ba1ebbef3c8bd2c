import { BackendError } from '../errors.ts';
import { assertConsumer } from './consumer-offsets.ts';
import { DEFAULT_MAX_QUEUE_SIZE, type TapOptions } from './event-queue.ts';
import { EventTap, type EventTapSource } from './event-tap.ts';
import { OffsetWriter } from './offset-writer.ts';
import type { QueueDeps } from './queue-host.ts';
import { comparePlaces, FIRST_PLACE, type Place } from './queued-event.ts';

/** Throws `configuration` or `invalid-key` for options that no tap can be opened with. */
export function assertTapOptions({ after, maxQueueSize, consumer }: TapOptions): void {
  if (after !== undefined && (!Number.isSafeInteger(after) || after < 0)) {
    throw new BackendError('configuration', 'after is the generation of an event, or 0.');
  }
  if (maxQueueSize !== undefined && !(maxQueueSize >= 1)) {
    throw new BackendError('configuration', 'maxQueueSize must be at least 1.');
  }
  if (consumer !== undefined) assertConsumer(consumer);
}

/** Opens a tap where its options say. */
export async function openTap(
  source: EventTapSource,
  options: TapOptions,
  deps: QueueDeps,
): Promise<EventTap> {
  const { after, maxQueueSize = DEFAULT_MAX_QUEUE_SIZE, consumer, signal } = options;
  const { key } = source.open.log;
  const asked = after === undefined ? undefined : { generation: after, messages: 0 };
  if (consumer === undefined) return new EventTap(source, { start: asked, maxQueueSize, signal });
  const known = await deps.offsets.load(key, consumer);
  const start = later(asked ?? FIRST_PLACE, known ?? FIRST_PLACE);
  const offsets = new OffsetWriter(key, consumer, deps);
  return new EventTap(source, { start, maxQueueSize, offsets, signal });
}

function later(a: Place, b: Place): Place {
  return comparePlaces(a, b) < 0 ? b : a;
}
