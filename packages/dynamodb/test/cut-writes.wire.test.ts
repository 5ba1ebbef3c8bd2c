import type { LogRecord, Slot, Snapshot } from '@a2a-aws/core';
import { FIRST_SLOT, slotAt, slotText } from '@a2a-aws/core/internal';
import { loadWhole, noise, sampleRecord } from '@a2a-aws/testkit';
import { TaskState } from '@a2a-js/sdk';
import { describe, expect, test } from 'vitest';
import { DynamoDBLogStorage } from '../src/dynamodb-log-storage.ts';
import { cutClient } from './fixtures/cut-client.ts';
import { onEachEngine } from './fixtures/engines.ts';
import { storedItems } from './fixtures/stored-items.ts';

const KEY = { tenant: '', owner: 'owner', taskId: 'task-1' };
const NOW = 1_700_000_000_000;

const slot = (part: number): Slot => slotAt(1, part);
const FIRST = sampleRecord('first', FIRST_SLOT);
/** Two pieces, and the record that names them. */
const LARGE = sampleRecord('large', slot(1), noise('large', 800_000));
const NEXT = sampleRecord('next', slot(1));
const LATER = sampleRecord('later', slot(2));
/** It has two chunks, deflated. */
const OLD: Snapshot = { id: 'old', slot: slot(1), text: noise('old', 450_000) };
const FRESH: Snapshot = { id: 'fresh', slot: slot(2), text: noise('fresh', 450_000) };

/** Not the texts themselves: a failure would print megabytes. */
const picture = (records: readonly LogRecord[]): string[] =>
  records.map(({ id, slot: at, body }) => `${id} ${slotText(at)} ${body.length}`);

onEachEngine((name, engine) => {
  let prefixes = 0;

  /** Does `work` with a process that ends at the `at`th call, for each of its calls, done or not. */
  const atEachCall = async (
    least: number,
    prepare: (storage: DynamoDBLogStorage) => Promise<void>,
    work: (storage: DynamoDBLogStorage) => Promise<unknown>,
    check: (storage: DynamoDBLogStorage) => Promise<void>,
  ): Promise<void> => {
    const { client, aws } = engine();
    let made = 0;
    for (let at = 0, wasCut = true; wasCut; at += 1) {
      for (const done of [false, true]) {
        const options = { tableName: aws.tableName, prefix: `cut-${prefixes++}` };
        const storage = new DynamoDBLogStorage({ ...options, client });
        await storage.putRecord(KEY, FIRST);
        const head = {
          taskId: KEY.taskId,
          contextId: 'c',
          latest: 0,
          writtenAtMs: NOW,
          slot: FIRST_SLOT,
        };
        await storage.putHead(KEY, { ...head, state: TaskState.TASK_STATE_WORKING });
        await prepare(storage);
        const cut = cutClient(engine(), at, done);
        const cutting = work(new DynamoDBLogStorage({ ...options, client: cut.client }));
        await cutting.catch(() => {});
        cut.client.destroy();
        wasCut = cut.wasCut();
        if (wasCut) made = at + 1;
        // TTL removes whatever is left of it.
        for (const item of await storedItems(engine(), options.prefix, KEY)) {
          expect(item).toHaveProperty('expires');
        }
        await check(storage);
      }
    }
    // If a failed condition returns no item, the item is read in another call.
    expect(made).toBeGreaterThanOrEqual(least);
  };

  describe(`a process killed at any call, on ${name}`, () => {
    test('[I1] of an oversized record: the record is there or not, and the next writer continues', async () => {
      await atEachCall(
        3,
        async () => {},
        (storage) => storage.putRecord(KEY, LARGE),
        async (storage) => {
          const found = (await loadWhole(storage, KEY)).records;
          const isThere = found.length === 2;
          expect(picture(found)).toEqual(picture(isThere ? [FIRST, LARGE] : [FIRST]));
          if (isThere) expect(found[1]?.body === LARGE.body).toBe(true);
          const outcome = await storage.putRecord(KEY, NEXT);
          expect('written' in outcome).toBe(!isThere);
          expect(await storage.putRecord(KEY, LATER)).toEqual({ written: true });
          const records = [FIRST, isThere ? LARGE : NEXT, LATER];
          expect(picture((await loadWhole(storage, KEY)).records)).toEqual(picture(records));
        },
      );
    });

    test('[I7] of an oversized record that loses its slot: no read fails, and the remains expire', async () => {
      await atEachCall(
        5,
        async (storage) => void (await storage.putRecord(KEY, NEXT)),
        (storage) => storage.putRecord(KEY, LARGE),
        async (storage) => {
          expect(await storage.putRecord(KEY, LATER)).toEqual({ written: true });
          const { records } = await loadWhole(storage, KEY);
          expect(picture(records)).toEqual(picture([FIRST, NEXT, LATER]));
        },
      );
    });

    test.each([
      ['the first', []],
      ['one that takes the place of another', [OLD]],
    ])(
      '[I1] of a snapshot, %s: readers find the whole snapshot, or the state before',
      async (_, before) => {
        await atEachCall(
          3,
          async (storage) => {
            await storage.putRecord(KEY, NEXT);
            for (const one of before) await storage.putSnapshot(KEY, one, NOW);
          },
          (storage) => storage.putSnapshot(KEY, FRESH, NOW),
          async (storage) => {
            const { snapshot, records } = await loadWhole(storage, KEY);
            const [old] = before;
            const expected = snapshot?.id === FRESH.id ? FRESH : old;
            expect(snapshot?.id).toBe(expected?.id);
            expect(snapshot?.text === expected?.text).toBe(true);
            const all = [FIRST, NEXT].filter(
              ({ slot: at }) => at.part >= (expected?.slot.part ?? 0),
            );
            expect(picture(records)).toEqual(picture(all));
            expect(await storage.putRecord(KEY, LATER)).toEqual({ written: true });
            const next = { id: 'next', slot: slot(3), text: 'next' };
            const { obsolete } = await storage.putSnapshot(KEY, next, NOW);
            expect(obsolete?.id).toBe(expected?.id);
            expect(await loadWhole(storage, KEY)).toMatchObject({ snapshot: next, records: [] });
          },
        );
      },
    );

    test('[I7] of dropping a snapshot that is obsolete: readers need it no more', async () => {
      await atEachCall(
        2,
        async (storage) => {
          await storage.putRecord(KEY, NEXT);
          await storage.putSnapshot(KEY, OLD, NOW);
          await storage.putSnapshot(KEY, FRESH, NOW);
        },
        (storage) => storage.dropSnapshot(KEY, { ...OLD, chunks: 2 }),
        async (storage) => {
          expect((await loadWhole(storage, KEY)).snapshot?.text === FRESH.text).toBe(true);
          await storage.dropSnapshot(KEY, { ...OLD, chunks: 2 });
          expect((await loadWhole(storage, KEY)).snapshot?.text === FRESH.text).toBe(true);
        },
      );
    });
  });
});
