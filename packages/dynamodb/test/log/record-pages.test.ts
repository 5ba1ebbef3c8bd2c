import type { Slot } from '@a2a-aws/core';
import { compareSlots, parseSlot, slotAt, slotText } from '@a2a-aws/core/internal';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ReadPage, recordPages } from '../../src/log/record-pages.ts';
import type { Item } from '../../src/table/item.ts';
import { RECORDS } from '../../src/table/keys.ts';

const PAGE_BYTES = 1_000_000;
/** The largest page that a reader asks for, in the tests of many records. */
const PAGE_ITEMS = 250;

const slot = (generation: number, part = 0): Slot => slotAt(generation, part);

/** A record that looks as large as `bytes`. */
const itemAt = (at: Slot, bytes: number): Item => ({
  sk: RECORDS + slotText(at),
  e: 'x'.repeat(bytes),
});

const slotOf = ({ sk }: Item): Slot => {
  const parsed = parseSlot(String(sk).slice(RECORDS.length));
  if (!parsed) throw new Error('a record');
  return parsed;
};

/** A table of these records, which returns pages like DynamoDB, and the calls to it. */
function tableOf(items: readonly Item[]) {
  const sorted = [...items].sort((a, b) => compareSlots(slotOf(a), slotOf(b)));
  const seen = { calls: 0, now: 0, most: 0 };
  const read: ReadPage = async (from, to, after) => {
    seen.calls += 1;
    seen.now += 1;
    seen.most = Math.max(seen.most, seen.now);
    await new Promise((resolve) => setImmediate(resolve));
    seen.now -= 1;
    const page: Item[] = [];
    let bytes = 0;
    for (const item of sorted) {
      const sk = String(item.sk);
      if (sk < from || sk > to || (after?.sk && sk <= String(after.sk.S))) continue;
      if (bytes > PAGE_BYTES || page.length === PAGE_ITEMS)
        return { items: page, next: { sk: { S: String(page.at(-1)?.sk) } } };
      page.push(item);
      bytes += String(item.e).length;
    }
    return { items: page };
  };
  return { read, seen };
}

async function readAll(
  from: Slot,
  before: Slot,
  read: ReadPage,
  generations = 1,
  bytes = 1_000,
  records = 1,
) {
  const items: Item[] = [];
  const sample = { generations, bytes, records };
  for await (const page of recordPages({ from, before, sample }, read)) items.push(...page);
  return items.map(({ sk }) => sk);
}

describe('the pages of a long log', () => {
  test('[I1] hold every record from the first to before the last once, in slot order', async () => {
    const record = fc.record({
      events: fc.integer({ min: 0, max: 40 }),
      bytes: fc.oneof(fc.nat(2_000), fc.integer({ min: 100_000, max: 380_000 })),
    });
    const sample = fc.record({
      generations: fc.integer({ min: 1 }),
      bytes: fc.nat(),
      records: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { minLength: 2, maxLength: 60 }),
        sample,
        fc.nat(),
        fc.nat(),
        async (records, { generations, bytes, records: sampled }, a, b) => {
          let at = slot(1);
          const items = records.map((one) => {
            const item = itemAt(at, one.bytes);
            at =
              one.events > 0 ? slot(at.generation + one.events) : slot(at.generation, at.part + 1);
            return item;
          });
          const [low = 0, high = 0] = [a % items.length, b % items.length].sort((x, y) => x - y);
          const [from, before] = [items[low], items[high]].map((item) => slotOf(item ?? {}));
          if (!from || !before || low === high) return;
          const { read, seen } = tableOf(items);
          const sks = await readAll(from, before, read, generations, bytes, sampled);
          expect(sks).toEqual(items.slice(low, high).map(({ sk }) => sk));
          expect(seen.most).toBeLessThanOrEqual(4);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('are read several at a time', async () => {
    const items = Array.from({ length: 200 }, (_, n) => itemAt(slot(n + 1), 100_000));
    const { read, seen } = tableOf(items);
    await readAll(slot(1), slot(200), read, 8, 800_000);
    expect(seen.most).toBe(4);
    expect(seen.calls).toBeLessThanOrEqual(30);
  });

  test.each([
    ['much larger', 1, 1],
    ['much smaller', 100_000, 1_000],
  ])('are found by a first guess that is %s than the records', async (_, generations, bytes) => {
    const items = Array.from({ length: 2_000 }, (_, n) => itemAt(slot(n + 1), 10_000));
    const { read, seen } = tableOf(items);
    expect(await readAll(slot(1), slot(2_000), read, generations, bytes)).toHaveLength(1_999);
    expect(seen.calls).toBeLessThanOrEqual(50);
  });

  test('are read in steps of so many records that one follows another without a second call', async () => {
    const items = Array.from({ length: 6_000 }, (_, n) =>
      itemAt(slot(Math.floor(n / 3) + 1, n % 3), 100),
    );
    const { read, seen } = tableOf(items);
    expect(await readAll(slot(1), slot(2_000, 2), read, 300, 100_000, 900)).toHaveLength(5_999);
    expect(seen.calls).toBeLessThanOrEqual(30);
    expect(seen.most).toBe(4);
  });

  test('reject like a failed read, and leave no unhandled rejection', async () => {
    const items = Array.from({ length: 200 }, (_, n) => itemAt(slot(n + 1), 100_000));
    const { read } = tableOf(items);
    let calls = 0;
    const failing: ReadPage = (...asked) => {
      calls += 1;
      return calls > 2 ? Promise.reject(new Error('no answer')) : read(...asked);
    };
    await expect(readAll(slot(1), slot(200), failing, 8, 800_000)).rejects.toThrow('no answer');
    await new Promise((resolve) => setImmediate(resolve));
  });

  test('are read only as far as the reader goes', async () => {
    const items = Array.from({ length: 200 }, (_, n) => itemAt(slot(n + 1), 100_000));
    const { read, seen } = tableOf(items);
    const known = {
      from: slot(1),
      before: slot(200),
      sample: { generations: 8, bytes: 800_000, records: 8 },
    };
    for await (const page of recordPages(known, read)) {
      expect(page.length).toBeGreaterThan(0);
      break;
    }
    expect(seen.calls).toBeLessThanOrEqual(5);
  });
});
