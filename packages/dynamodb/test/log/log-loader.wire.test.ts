import type { LogRecord, Slot, TaskHead } from '@a2a-aws/core';
import { FIRST_SLOT, nextSlot } from '@a2a-aws/core/internal';
import { loadWhole, noise, sampleRecord } from '@a2a-aws/testkit';
import { TaskState } from '@a2a-js/sdk';
import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import { DynamoDBLogStorage } from '../../src/dynamodb-log-storage.ts';
import { Keys } from '../../src/table/keys.ts';
import { countingClient } from '../fixtures/counting-client.ts';
import { onEachEngine } from '../fixtures/engines.ts';

const KEY = { tenant: '', owner: 'owner', taskId: 'task-1' };
const NOW = 1_700_000_000_000;

const head: TaskHead = {
  taskId: 'task-1',
  contextId: 'c',
  state: TaskState.TASK_STATE_WORKING,
  latest: 0,
  writtenAtMs: NOW,
  slot: FIRST_SLOT,
};

/** Records of about these lengths, each at the slot after the one before it. */
const recordsOf = (lengths: readonly number[]): LogRecord[] => {
  let at = FIRST_SLOT;
  return lengths.map((length, n) => {
    const record = sampleRecord(`r${n}`, at, noise(`text ${n}`, length));
    // As if every second record held events.
    at = n % 2 === 0 ? nextSlot(at, 0) : nextSlot(at, 1 + (n % 3));
    return record;
  });
};

/** Not the texts themselves: a failure would print megabytes. */
const picture = (records: readonly LogRecord[]): [string, number][] =>
  records.map(({ id, body }) => [id, body.length]);

onEachEngine((name, engine) => {
  let prefixes = 0;

  /** A task's log of these records in a corner of the table of its own. */
  const written = async (records: readonly LogRecord[]) => {
    const prefix = `load-${prefixes++}`;
    const { client, aws } = engine();
    const options = { tableName: aws.tableName, prefix, compress: false };
    const storage = new DynamoDBLogStorage({ ...options, client });
    for (const record of records) await storage.putRecord(KEY, record);
    await storage.putHead(KEY, head);
    const lose = (id: string, at: Slot, chunk: number) =>
      client.send(
        new DeleteCommand({
          TableName: aws.tableName,
          Key: new Keys(prefix).chunk(KEY, { id, slot: at }, chunk),
        }),
      );
    /** Resolves with the log as another reader finds it, and with the calls that this took. */
    const load = async (before?: (call: number) => Promise<void>) => {
      const counting = countingClient(engine(), before);
      const reader = new DynamoDBLogStorage({ ...options, client: counting.client });
      const log = await loadWhole(reader, KEY);
      counting.client.destroy();
      return { ...counting, ...log };
    };
    return { storage, lose, load };
  };

  describe(`a log on ${name}`, () => {
    test('of less than a megabyte is read in one call', async () => {
      const records = recordsOf(Array.from({ length: 45 }, () => 10_000));
      const { storage, load } = await written(records);
      const whole = await load();
      expect(picture(whole.records)).toEqual(picture(records));
      expect(whole.head).toEqual(head);
      expect(whole.calls).toEqual(['Query']);
      const at = records[3]?.slot ?? FIRST_SLOT;
      await storage.putSnapshot(KEY, { id: 's', slot: at, text: noise('s', 200_000) }, NOW);
      const rest = await load();
      expect(rest.snapshot?.text.length).toBe(200_000);
      expect(picture(rest.records)).toEqual(picture(records.slice(3)));
      expect(rest.calls).toEqual(['Query']);
    });

    test('[I1] of several megabytes is read whole, several pages at once', async () => {
      const records = recordsOf([
        ...Array.from({ length: 100 }, () => 300),
        ...Array.from({ length: 30 }, () => 150_000),
        ...Array.from({ length: 60 }, () => 30_000),
      ]);
      const { load } = await written(records);
      const whole = await load();
      expect(picture(whole.records)).toEqual(picture(records));
      expect(whole.most()).toBeGreaterThan(1);
      expect(whole.calls.length).toBeLessThanOrEqual(20);
    });

    test('[I1] is the log as of the read of its end, whatever is appended meanwhile', async () => {
      const records = recordsOf(Array.from({ length: 20 }, () => 150_000));
      const [last] = records.splice(-1);
      if (!last) throw new Error('a record');
      const { storage, load } = await written(records);
      const whole = await load(async (call) => {
        if (call === 2) await storage.putRecord(KEY, last);
      });
      expect(picture(whole.records)).toEqual(picture(records));
      expect(picture((await load()).records)).toEqual(picture([...records, last]));
    });

    test('with a snapshot of several pages is read from it, chunks and records at once', async () => {
      const records = recordsOf(Array.from({ length: 24 }, () => 100_000));
      const { storage, load } = await written(records);
      const text = noise('snapshot', 3_500_000);
      const at = records[2]?.slot ?? FIRST_SLOT;
      await storage.putSnapshot(KEY, { id: 's', slot: at, text }, NOW);
      const whole = await load();
      expect(whole.snapshot?.text === text).toBe(true);
      expect(picture(whole.records)).toEqual(picture(records.slice(2)));
      expect(whole.most()).toBeGreaterThan(1);
    });

    test.each([
      ['a page', 3, 100_000],
      ['several pages', 24, 1_500_000],
    ])('whose snapshot has lost a chunk is all its records, of %s', async (_, count, length) => {
      const records = recordsOf(Array.from({ length: count }, () => 100_000));
      const { storage, lose, load } = await written(records);
      const at = records.at(-2)?.slot ?? FIRST_SLOT;
      const snapshot = { id: 's', slot: at, text: noise('snapshot', length) };
      await storage.putSnapshot(KEY, snapshot, NOW);
      expect((await load()).snapshot?.text === snapshot.text).toBe(true);
      await lose('s', at, 0);
      const whole = await load();
      expect(whole.snapshot).toBeUndefined();
      expect(picture(whole.records)).toEqual(picture(records));
    });

    test('is read from the new snapshot if the old one is replaced during the read', async () => {
      const records = recordsOf(Array.from({ length: 12 }, () => 10_000));
      const { storage, lose, load } = await written(records);
      const [old, fresh] = [records[4]?.slot ?? FIRST_SLOT, records[8]?.slot ?? FIRST_SLOT];
      // More chunks than a page holds: the rest is read after it.
      await storage.putSnapshot(KEY, { id: 'old', slot: old, text: noise('old', 3_000_000) }, NOW);
      const whole = await load(async (call) => {
        if (call !== 2) return;
        await storage.putSnapshot(KEY, { id: 'new', slot: fresh, text: 'new' }, NOW);
        for (let chunk = 0; chunk < 20; chunk += 1) await lose('old', old, chunk);
      });
      expect(whole.snapshot).toEqual({ id: 'new', slot: fresh, text: 'new' });
      expect(picture(whole.records)).toEqual(picture(records.slice(8)));
    });

    test('[I1] reads as deleted if its large record is erased during the read', async () => {
      const { storage, load } = await written(recordsOf([100, 900_000, 100]));
      const whole = await load(async (call) => {
        if (call === 2) await storage.erase(KEY);
      });
      expect(whole.calls.length).toBeGreaterThan(2);
      expect(whole.records[1]?.entries).toEqual([{ kind: 'deleted' }]);
    });

    test('with a record of many pieces is read with these at once', async () => {
      const records = recordsOf([100, 3_500_000, 100]);
      const { load } = await written(records);
      const whole = await load();
      expect(picture(whole.records)).toEqual(picture(records));
      expect(whole.records[1]?.body === records[1]?.body).toBe(true);
      expect(whole.most()).toBeGreaterThan(4);
      expect(whole.most()).toBeLessThanOrEqual(8);
    });
  });
});
