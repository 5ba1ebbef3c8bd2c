import { type Generation, generationAfter, generationBefore } from '../model/generation.ts';
import { countEvents, type EncodedEntry, MAX_BODY_BYTES } from '../model/record.ts';
import type { Refusal } from '../model/refusal.ts';
import { applyEntry, type LogState } from '../model/state.ts';
import type { Waiting } from './waiting-proposals.ts';

/**
 * The entries of one record together stay below this many bytes, so that a doorbell can carry it.
 */
export const MAX_RECORD_BYTES: number = 192 * 1024;

/** The entries of the next record, and the generation at which each of its proposals ends. */
interface NextEntries {
  readonly entries: readonly EncodedEntry[];
  readonly generations: readonly Generation[];
}

/** `first` is the reason why the first proposal cannot be written. */
export type NextRecord = NextEntries | { readonly first: Refusal | 'too-large' };

/**
 * Fills the next record with the waiting proposals, each decided on the state after the ones before
 * it. Stops before a proposal that would be refused, because only a written state may refuse it,
 * and after one that seals the log.
 */
export function nextRecord(
  waiting: Iterable<Pick<Waiting, 'propose'>>,
  before: LogState,
): NextRecord {
  let state = before;
  let bytes = 0;
  let last = generationBefore(before.next.generation);
  const entries: EncodedEntry[] = [];
  const generations: Generation[] = [];
  for (const { propose } of waiting) {
    const decision = propose(state, last);
    if ('refused' in decision) {
      if (generations.length > 0) break;
      return { first: decision.refused };
    }
    const size = decision.entries.reduce((sum, entry) => sum + entry.bytes + 1, 0);
    if (generations.length > 0 && bytes + size > MAX_RECORD_BYTES) break;
    // Each entry passed the limit for one entry when it was encoded; the sum may still exceed it.
    if (size + 1 > MAX_BODY_BYTES) return { first: 'too-large' };
    for (const { entry } of decision.entries) {
      state = applyEntry(state, entry, state.next.generation);
    }
    entries.push(...decision.entries);
    bytes += size;
    last = generationAfter(last, countEvents(decision.entries.map(({ entry }) => entry)));
    generations.push(last);
    if (state.sealed) break;
  }
  return { entries, generations };
}
