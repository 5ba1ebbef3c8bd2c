import { type Generation, generationBefore } from './generation.ts';
import type { Slot } from './slot.ts';
import type { LogState } from './state.ts';

/**
 * How a protocol counts the changes of a task: its `events`, as A2A 1.1 does, or also the messages of its
 * clients, as proposals for A2A do.
 */
export type GenerationRule = 'events' | 'events-and-messages';

/**
 * Returns the `generation` that clients see: 1 after the first change, one more with each later one.
 * `last`: the generation of the last event, if it is within a record. A pure function of the log, so that
 * the rule can change while the stored records stay as they are.
 */
export function wireGeneration(
  state: LogState,
  rule: GenerationRule = 'events',
  last: Generation = generationBefore(state.next.generation),
): number {
  return rule === 'events' ? last : last + countMessages(state);
}

/**
 * Returns true if the task is still as a client knows it that saw the generation `expected`. A message
 * that was accepted since then has changed the task, although it is no event.
 */
export function isGeneration(state: LogState, expected: number, last?: Generation): boolean {
  return wireGeneration(state, 'events', last) === expected && !hasNewMessage(state);
}

function countMessages({ runs }: LogState): number {
  let count = 0;
  // Later attempts continue a message.
  for (const [, { attempt }] of runs) if (attempt === 1) count += 1;
  return count;
}

/** Returns true if a message was accepted since the last event, and its run is not over. */
function hasNewMessage(state: LogState): boolean {
  const { open, unsettled } = state;
  const { generation } = state.next;
  return [...open, ...unsettled].some((id) => firstStart(state, id)?.generation === generation);
}

/** Returns where the run's message was accepted. A later attempt continues the message of a lost run. */
function firstStart({ runs }: Pick<LogState, 'runs'>, id: string): Slot | undefined {
  const run = runs.get(id);
  if (!run || run.attempt === 1) return run?.start;
  for (const [lostId, { resumedBy }] of runs) {
    if (resumedBy === id) return firstStart({ runs }, lostId);
  }
  return run.start;
}
