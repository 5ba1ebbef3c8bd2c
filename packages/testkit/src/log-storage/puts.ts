import type { LogStorage } from '@a2a-aws/core';
import { FIRST_SLOT } from '@a2a-aws/core/internal';
import { beforeEach, describe, expect, test } from 'vitest';
import { collect, loadWhole, noise, sampleRecord } from '../sample-log.ts';
import { KEY } from './sample-heads.ts';

/** A slot is won once. */
export function puts(open: () => LogStorage): void {
  describe('putRecord', () => {
    let storage: LogStorage;

    beforeEach(() => {
      storage = open();
    });

    test('[I1] writes to an empty slot, and every later read gives that record', async () => {
      const record = sampleRecord('r1', FIRST_SLOT);
      expect(await storage.putRecord(KEY, record)).toEqual({ written: true });
      expect((await loadWhole(storage, KEY)).records).toEqual([record]);
      expect(await collect(storage.readRecords(KEY, FIRST_SLOT))).toEqual([record]);
    });

    test('[I1] returns the record that is at the slot, and leaves it there', async () => {
      const first = sampleRecord('r1', FIRST_SLOT);
      await storage.putRecord(KEY, first);
      const second = sampleRecord('r2', FIRST_SLOT, 'another');
      expect(await storage.putRecord(KEY, second)).toEqual({ taken: first });
      expect((await loadWhole(storage, KEY)).records).toEqual([first]);
    });

    test('[I1] recognizes a repeated write by its id', async () => {
      const record = sampleRecord('r1', FIRST_SLOT);
      await storage.putRecord(KEY, record);
      expect(await storage.putRecord(KEY, record)).toEqual({ taken: record });
      expect((await loadWhole(storage, KEY)).records).toEqual([record]);
    });

    test('[I1] lets one of many writers win a slot; all others see that one', async () => {
      const records = Array.from({ length: 12 }, (_, n) => sampleRecord(`r${n}`, FIRST_SLOT));
      const outcomes = await Promise.all(records.map((record) => storage.putRecord(KEY, record)));
      const winners = records.filter((_, n) => 'written' in (outcomes[n] ?? {}));
      expect(winners).toHaveLength(1);
      for (const outcome of outcomes) {
        if ('taken' in outcome) expect(outcome.taken).toEqual(winners[0]);
      }
      expect((await loadWhole(storage, KEY)).records).toEqual(winners);
    });

    test('keeps text as it is, and a writer without an instance', async () => {
      const text = '€ 𝄞 漢字 "\\u0000" \u0000 \ud800 </b> %23#';
      const record = { ...sampleRecord('r1', FIRST_SLOT, text), instance: '' };
      await storage.putRecord(KEY, record);
      expect((await loadWhole(storage, KEY)).records).toEqual([record]);
      expect(await storage.putRecord(KEY, record)).toEqual({ taken: record });
    });

    test('[I1] keeps records of megabytes, of which one wins the slot', async () => {
      const records = ['r1', 'r2', 'r3'].map((id) =>
        sampleRecord(id, FIRST_SLOT, noise(id, 2_000_000)),
      );
      const outcomes = await Promise.all(records.map((record) => storage.putRecord(KEY, record)));
      const winner = records.find((_, n) => 'written' in (outcomes[n] ?? {}));
      // Not the texts themselves: a failure would print megabytes.
      const told = outcomes.map((o) => ('taken' in o ? o.taken.body === winner?.body : true));
      expect(told).toEqual([true, true, true]);
      expect(
        (await loadWhole(storage, KEY)).records.map(({ id, body }) => [id, body.length]),
      ).toEqual([[winner?.id, winner?.body.length]]);
      expect((await loadWhole(storage, KEY)).records[0]?.body === winner?.body).toBe(true);
    });
  });
}
