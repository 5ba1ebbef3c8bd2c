import type { Slot } from '@a2a-aws/core';
import { generationAfter, slotText } from '@a2a-aws/core/internal';
import type { Item } from '../table/item.ts';
import { RECORDS } from '../table/keys.ts';
import type { Page } from '../table/table.ts';
import { recordBytes } from './record-item.ts';

/** Reads the items between two sort keys, both included. */
export type ReadPage = (from: string, to: string, after?: Page['next']) => Promise<Page>;

/** A part of a log that is known to exist. */
export interface KnownRecords {
  readonly from: Slot;
  /**
   * The slot of a record that was read. All records before it were written earlier, and none is
   * added.
   */
  readonly before: Slot;
  /** The size of the records after this part, by which the first page's size is estimated. */
  readonly sample: Sample;
}

/** The number of bytes and records of some generations. */
interface Sample {
  readonly generations: number;
  readonly bytes: number;
  readonly records: number;
}

/** Pages that are read at once. Each takes some megabytes while it is decoded. */
const WIDTH = 4;
/** The size of a page in bytes: one call returns at most a megabyte. */
const PAGE_BYTES = 800_000;
/**
 * The maximum number of records in a page. An answer is decoded synchronously, in some 30 µs an
 * item, and all pages being read may arrive in one turn of the event loop.
 */
export const PAGE_RECORDS = 250;
/** The maximum factor by which an estimate may exceed the one before it. */
const MAX_GROWTH = 8;

/**
 * Yields the pages of a long log in slot order. Its end is known, so it is split by generations and
 * read at several places at once. The number of generations in a page is estimated from the pages
 * read so far.
 */
export async function* recordPages(
  { from, before, sample }: KnownRecords,
  read: ReadPage,
): AsyncIterable<readonly Item[]> {
  const ahead: { readonly range: SlotRange; readonly page: Promise<Page> }[] = [];
  let next: Slot | undefined = from;
  let guess = generationsOfPage(sample);
  for (;;) {
    while (next && ahead.length < WIDTH) {
      const range = rangeOf(next, before, guess);
      const page = read(range.from, range.to);
      // A reader that awaits the page gets the error; possibly no reader awaits it any more.
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

interface SlotRange {
  readonly from: string;
  readonly to: string;
  readonly generations: number;
  /** The start of the next range; `undefined` for the last range. */
  readonly next: Slot | undefined;
}

function rangeOf(from: Slot, before: Slot, generations: number): SlotRange {
  const end = generationAfter(from.generation, generations);
  if (end >= before.generation) {
    return {
      from: RECORDS + slotText(from),
      to: endBefore(before),
      generations: before.generation - from.generation + 1,
      next: undefined,
    };
  }
  const next = { generation: end, part: 0 };
  return { from: RECORDS + slotText(from), to: endBefore(next), generations, next };
}

/** Returns a sort key after those of all records before the slot, and before the slot's own. */
function endBefore(slot: Slot): string {
  const own = RECORDS + slotText(slot);
  return slot.part > 0
    ? RECORDS + slotText({ ...slot, part: slot.part - 1 })
    : own.slice(0, own.lastIndexOf('#'));
}
