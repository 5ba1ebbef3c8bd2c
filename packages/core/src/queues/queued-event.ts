import type { Message } from '@a2a-js/sdk';
import { deepCopy } from '../a2a/deep-copy.ts';
import type { TaskEvent } from '../a2a/event.ts';
import type { AgentError } from '../model/entry.ts';
import type { AppliedRecord } from '../model/fold.ts';
import { type Generation, generationBefore } from '../model/generation.ts';
import type { Place } from '../model/place.ts';

/** An event of a queue: a task's event, or the Message that is its producer's whole answer. */
export type QueueEvent = TaskEvent | { readonly kind: 'message'; readonly data: Message };

/** An error of the agent. Its readers receive it as a rejection with `AgentErrorRaised`. */
export interface ErrorEvent {
  readonly kind: 'error';
  readonly data: AgentError;
}

/** An event that a queue accepts. */
export type EnqueuedEvent = QueueEvent | ErrorEvent;

/** An event that a queue gives to its readers. */
export interface QueuedEvent {
  readonly event: QueueEvent;
  /** The event's number in its task's log; a bare Message has none. */
  readonly generation: Generation | undefined;
  /** True if the task ended here, waits for input or was answered, and no other run is active. */
  readonly final: boolean;
}

/** An event, and the place of its reader once it has received it. */
export interface PlacedEvent extends Omit<QueuedEvent, 'event'> {
  readonly event: EnqueuedEvent;
  readonly place: Place;
}

/** Returns the events of a record for a queue's readers, which were at `before` when it came. */
export function placedEvents(
  { record, deliveries, state }: AppliedRecord,
  before: Place,
): PlacedEvent[] {
  const remaining = deliveries.values();
  const last = generationBefore(record.slot.generation);
  let place = before.generation === last ? before : { generation: last, messages: 0 };
  const placed: PlacedEvent[] = [];
  for (const entry of record.entries) {
    if (entry.kind === 'event') {
      const { value: delivery } = remaining.next();
      if (!delivery) break;
      place = { generation: delivery.generation, messages: 0 };
      placed.push({ ...delivery, place });
    } else if (entry.kind === 'answer') {
      place = { ...place, messages: place.messages + 1 };
      const event: QueueEvent = { kind: 'message', data: entry.message };
      const final = state.open.size === 0;
      placed.push({ event, generation: undefined, final, place });
    } else if (entry.kind === 'error') {
      place = { ...place, messages: place.messages + 1 };
      const event: ErrorEvent = { kind: 'error', data: entry.error };
      placed.push({ event, generation: undefined, final: false, place });
    }
  }
  return placed;
}

/** Returns a copy of an event, because readers and the log share the original. */
export function ownCopy<Event extends EnqueuedEvent>(event: Event): Event {
  return { kind: event.kind, data: deepCopy(event.data) } as Event;
}
