import type { Message } from '@a2a-js/sdk';
import { deepCopy } from '../a2a/deep-copy.ts';
import type { TaskEvent } from '../a2a/event.ts';
import type { AgentError } from '../model/entry.ts';
import type { AppliedRecord } from '../model/fold.ts';
import type { Place } from '../model/place.ts';

/** What a queue gives: a task's event, or the Message that is its producer's whole answer. */
export type QueueEvent = TaskEvent | { readonly kind: 'message'; readonly data: Message };

/** An error of the agent's: its readers are told of it by a rejection with `AgentErrorRaised`. */
export interface ErrorEvent {
  readonly kind: 'error';
  readonly data: AgentError;
}

/** What a queue takes. */
export type EnqueuedEvent = QueueEvent | ErrorEvent;

/** What a queue gives. */
export interface QueuedEvent {
  readonly event: QueueEvent;
  /** The event's number in its task's log; a bare Message has none. */
  readonly generation: number | undefined;
  /** The task ended here, or waits for input or was answered, with nobody else working on it. */
  readonly final: boolean;
}

/** An event, and where its reader is once it has it. */
export interface PlacedEvent extends Omit<QueuedEvent, 'event'> {
  readonly event: EnqueuedEvent;
  readonly place: Place;
}

/** What a record gives to a queue's readers, who were at `before` when it came. */
export function placedEvents(
  { record, deliveries, state }: AppliedRecord,
  before: Place,
): PlacedEvent[] {
  const remaining = deliveries.values();
  const last = record.slot.generation - 1;
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

/** An event of one's own: what readers and the log share is never to be written to. */
export function ownCopy<Event extends EnqueuedEvent>(event: Event): Event {
  return { kind: event.kind, data: deepCopy(event.data) } as Event;
}
