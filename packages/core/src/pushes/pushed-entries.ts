import { createHash } from 'node:crypto';
import { eventStatus, isInterrupted, isTerminal } from '../a2a/event.ts';
import type { AppliedRecord } from '../model/fold.ts';
import { compareSlots, type Slot } from '../model/slot.ts';
import type { PushPlace } from '../ports/push-ledger.ts';
import { type TaskKey, taskKeyText } from '../task-key.ts';
import type { PushedEvent } from './push-transport.ts';

/** An event that a push configuration receives, and its place in the log. */
export interface PushedEntry {
  readonly event: PushedEvent['event'];
  readonly place: PushPlace;
  /** True for events that a configuration which wants only the latest may miss. */
  readonly isPassing: boolean;
}

/** Returns the events of a record that a configuration receives after `place`. */
export function pushedEntries(
  { record, deliveries }: AppliedRecord,
  config: string,
  since: Slot,
  place: PushPlace,
): PushedEntry[] {
  const { slot, entries } = record;
  const first = compareSlots(slot, place.slot) === 0 ? place.entry : 0;
  // The record in which a configuration was set may hold earlier events.
  const set =
    compareSlots(slot, since) === 0
      ? entries.findIndex((entry) => entry.kind === 'push' && entry.config === config) + 1
      : 0;
  const remaining = deliveries.values();
  const pushed: PushedEntry[] = [];
  for (const [at, entry] of entries.entries()) {
    const event =
      entry.kind === 'event'
        ? remaining.next().value?.event
        : entry.kind === 'answer'
          ? { kind: 'message' as const, data: entry.message }
          : undefined;
    if (!event || at < Math.max(first, set)) continue;
    pushed.push({ event, place: { slot, entry: at }, isPassing: isPassing(event) });
  }
  return pushed;
}

/** Returns the id of an event for the receiver of a configuration. */
export function pushId(key: TaskKey, config: string, { slot, entry }: PushPlace): string {
  const hash = createHash('sha256')
    .update(`${taskKeyText(key)}#`)
    .update(config, 'utf16le');
  return `${hash.digest('base64url').slice(0, 22)}_${slot.generation}_${slot.part}_${entry}`;
}

function isPassing(event: PushedEvent['event']): boolean {
  if (event.kind === 'message') return false;
  const state = eventStatus(event)?.state;
  return !isInterrupted(state) && !isTerminal(state);
}
