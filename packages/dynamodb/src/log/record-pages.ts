import type { Slot } from '@a2a-aws/core';
import { slotText } from '@a2a-aws/core/internal';
import type { Item } from '../table/item.ts';
import { RECORDS } from '../table/keys.ts';
import type { Page } from '../table/table.ts';
import { recordBytes } from './record-item.ts';

/** Reads from one sort key to another, both included. */
export type ReadPage = (from: string, to: string, after?: Page['next']) => Promise<Page>;

/** A part of a log that is known to be there. */
export interface KnownRecords {
  readonly from: Slot;
  /** The slot of a record that was read: all before it were written before it, and none is added. */
  readonly before: Slot;
  /** The records after them: theirs may be as large. */
  readonly sample: Sample;
}

/** How many bytes and records some generations had. */
interface Sample {
  readonly generations: number;
  readonly bytes: number;
  readonly records: number;
}

/** Pages under way at once: each of them takes some megabytes while it is decoded. */
const WIDTH = 4;
/** The size of a page in bytes: one call returns at most a megabyte. */
const PAGE_BYTES = 800_000;
/**
 * The most records of a page: an answer is decoded in one go, at some 30 µs an item, and all that are
 * under way may arrive in one turn of the event loop.
 */
export const PAGE_RECORDS = 250;
/** The next guess is at most so many times the last. */
const MAX_GROWTH = 8;

/**
 * The pages of a long log in slot order. Its end is known, so it can be split by generations and
 * read at several places at once; how many generations fit into a page is learned on the way.
 */
export async function* recordPages(
  { from, before, sample }: KnownRecords,
  read: ReadPage,
): AsyncIterable<readonly Item[]> {
  const ahead: { readonly range: Range; readonly page: Promise<Page> }[] = [];
  let next: Slot | undefined = from;
  let guess = generationsOfPage(sample);
  for (;;) {
    while (next && ahead.length < WIDTH) {
      const range = rangeOf(next, before, guess);
      const page = read(range.from, range.to);
      // A reader that waits for the page gets the error; perhaps none waits any more.
      page.catch(() => {});
      ahead.push({ range, page });
      next = range.next;
    }
    const first = ahead.shift();
    if (!first) return;
    let bytes = 0;
    let records = 0;
    for (
      let page = await first.page;
      ;
      page = await read(first.range.from, first.range.to, page.next)
    ) {
      bytes += page.items.reduce((sum, item) => sum + recordBytes(item), 0);
      records += page.items.length;
      yield page.items;
      if (!page.next) break;
    }
    const { generations } = first.range;
    guess = Math.min(generationsOfPage({ generations, bytes, records }), guess * MAX_GROWTH);
  }
}

function generationsOfPage({ generations, bytes, records }: Sample): number {
  const share = Math.min(PAGE_BYTES / Math.max(bytes, 1), PAGE_RECORDS / Math.max(records, 1));
  return Math.max(1, Math.floor(generations * share));
}

interface Range {
  readonly from: string;
  readonly to: string;
  readonly generations: number;
  /** Where the range after it begins; nothing: it was the last. */
  readonly next: Slot | undefined;
}

function rangeOf(from: Slot, before: Slot, generations: number): Range {
  const end = from.generation + generations;
  if (end >= before.generation) {
    return {
      from: RECORDS + slotText(from),
      to: endBefore(before),
      generations: before.generation - from.generation + 1,
      next: undefined,
    };
  }
  const next = { generation: end, sub: 0 };
  return { from: RECORDS + slotText(from), to: endBefore(next), generations, next };
}

/** A sort key after those of all records before the slot, and before the slot's own. */
function endBefore(slot: Slot): string {
  const own = RECORDS + slotText(slot);
  return slot.sub > 0
    ? RECORDS + slotText({ ...slot, sub: slot.sub - 1 })
    : own.slice(0, own.lastIndexOf('#'));
}
