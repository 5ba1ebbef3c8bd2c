import type {
  ListedTask,
  ListFilter,
  LogRecord,
  LogStorage,
  Slot,
  Snapshot,
  TaskHead,
  TaskKey,
} from '@a2a-aws/core';
import { FIRST_SLOT, passes } from '@a2a-aws/core';
import { TaskState } from '@a2a-js/sdk';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { listedTasks } from './listed-tasks.ts';
import { differentKeys } from './sample-keys.ts';
import { collect, eventRecord, loadWhole, noise, sampleRecord } from './sample-log.ts';

/** A storage without any log, and how to get rid of it. */
export interface LogStorageUnderTest {
  readonly storage: LogStorage;
  dispose(): Promise<void>;
}

const KEY: TaskKey = { tenant: 'tenant', owner: 'owner', taskId: 'task-1' };
const SCOPE = { tenant: 'tenant', owner: 'owner' };

const slot = (generation: number, sub = 0): Slot => ({ generation, sub });

const head = (at: Slot, fields: Partial<TaskHead> = {}): TaskHead => ({
  taskId: 'task-1',
  contextId: 'context-1',
  state: TaskState.TASK_STATE_WORKING,
  timestamp: 1_700_000_000_000,
  latest: 1_700_000_000_000,
  at: 1_700_000_000_000,
  slot: at,
  ...fields,
});

const STATES = [
  TaskState.TASK_STATE_WORKING,
  TaskState.TASK_STATE_INPUT_REQUIRED,
  TaskState.TASK_STATE_COMPLETED,
  TaskState.TASK_STATE_REJECTED,
];

const ids = (records: readonly LogRecord[]): string[] => records.map(({ id }) => id);
const taskIds = (tasks: readonly ListedTask[]): string[] => tasks.map(({ taskId }) => taskId);

/** The laws of the {@link LogStorage} port, as tests of whatever `factory` makes. */
export function logStorageSuite(name: string, factory: () => Promise<LogStorageUnderTest>): void {
  describe(`${name} as a LogStorage`, () => {
    let subject: LogStorageUnderTest;
    let storage: LogStorage;

    beforeEach(async () => {
      subject = await factory();
      storage = subject.storage;
    });

    afterEach(() => subject.dispose());

    test('finds its table', async () => {
      await expect(storage.check()).resolves.toBeUndefined();
    });

    test('reads a log that nobody has written as empty', async () => {
      expect((await loadWhole(storage, KEY)).records).toEqual([]);
      expect(await collect(storage.readRecords(KEY, FIRST_SLOT))).toEqual([]);
      expect(await listedTasks(storage, SCOPE)).toEqual([]);
      expect(await listedTasks(storage, SCOPE, { contextId: 'context-1' })).toEqual([]);
    });

    describe('putRecord', () => {
      test('[I1] writes to an empty slot what every read then gives', async () => {
        const record = sampleRecord('r1', FIRST_SLOT);
        expect(await storage.putRecord(KEY, record)).toEqual({ written: true });
        expect((await loadWhole(storage, KEY)).records).toEqual([record]);
        expect(await collect(storage.readRecords(KEY, FIRST_SLOT))).toEqual([record]);
      });

      test('[I1] hands over what is at the slot, and leaves it there', async () => {
        const first = sampleRecord('r1', FIRST_SLOT);
        await storage.putRecord(KEY, first);
        const second = sampleRecord('r2', FIRST_SLOT, 'another');
        expect(await storage.putRecord(KEY, second)).toEqual({ taken: first });
        expect((await loadWhole(storage, KEY)).records).toEqual([first]);
      });

      test('[I1] tells a repeated write by the own id', async () => {
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

    describe('reading', () => {
      test('[I1] gives records in slot order, whenever they were written', async () => {
        const slots = [slot(1), slot(1, 1), slot(2), slot(9), slot(10), slot(10, 2), slot(100)];
        const records = slots.map((at, n) => sampleRecord(`r${n}`, at));
        for (const record of records.toReversed()) await storage.putRecord(KEY, record);
        expect(ids((await loadWhole(storage, KEY)).records)).toEqual(ids(records));
        expect(ids(await collect(storage.readRecords(KEY, FIRST_SLOT)))).toEqual(ids(records));
      });

      test('[I1] pages to the end of a log of several megabytes, in order', async () => {
        const records = Array.from({ length: 24 }, (_, n) =>
          sampleRecord(`r${n}`, slot(n + 1), 'x'.repeat(120_000)),
        );
        for (const record of records) await storage.putRecord(KEY, record);
        expect(ids((await loadWhole(storage, KEY)).records)).toEqual(ids(records));
        expect(ids(await collect(storage.readRecords(KEY, FIRST_SLOT)))).toEqual(ids(records));
      });

      test('[I3] starts at the slot asked for, included', async () => {
        const slots = [slot(1), slot(1, 1), slot(2), slot(3), slot(3, 1)];
        for (const [n, at] of slots.entries()) {
          await storage.putRecord(KEY, sampleRecord(`r${n}`, at));
        }
        const from = async (at: Slot): Promise<string[]> =>
          ids(await collect(storage.readRecords(KEY, at)));
        expect(await from(slot(1, 1))).toEqual(['r1', 'r2', 'r3', 'r4']);
        expect(await from(slot(2))).toEqual(['r2', 'r3', 'r4']);
        // Nothing is at this slot: what follows it is given.
        expect(await from(slot(2, 1))).toEqual(['r3', 'r4']);
        expect(await from(slot(4))).toEqual([]);
      });

      test('[I3] finds the record that holds an event, wherever in it', async () => {
        const records = [
          sampleRecord('r0', slot(1)),
          eventRecord('r1', slot(1, 1), 1),
          eventRecord('r2', slot(2), 3),
          sampleRecord('r3', slot(5)),
          sampleRecord('r4', slot(5, 1)),
          eventRecord('r5', slot(5, 2), 6),
          sampleRecord('r6', slot(11)),
        ];
        for (const record of records) await storage.putRecord(KEY, record);
        await storage.putHead(KEY, head(slot(5, 2)));
        const found: (string | undefined)[] = [];
        for (let n = 1; n <= 11; n += 1) found.push((await storage.findRecord(KEY, n))?.id);
        const expected = ['r1', 'r2', 'r2', 'r2', 'r5', 'r5', 'r5', 'r5', 'r5', 'r5', undefined];
        expect(found).toEqual(expected);
        expect(await storage.findRecord({ ...KEY, taskId: 'task-2' }, 1)).toBeUndefined();
      });

      test('gives records only, of a task that has a head', async () => {
        const record = sampleRecord('r1', FIRST_SLOT);
        await storage.putRecord(KEY, record);
        await storage.putHead(KEY, head(FIRST_SLOT));
        expect((await loadWhole(storage, KEY)).records).toEqual([record]);
        expect(await collect(storage.readRecords(KEY, FIRST_SLOT))).toEqual([record]);
      });
    });

    describe('heads', () => {
      const listedAs = ({ contextId: _c, slot: _s, ...fields }: TaskHead): ListedTask => fields;
      const stateAfter = async (...heads: readonly TaskHead[]): Promise<ListedTask[]> => {
        for (const one of heads) await storage.putHead(KEY, one);
        return listedTasks(storage, SCOPE);
      };

      test('are listed as they were put', async () => {
        const put = head(slot(2), { latest: 1_800_000_000_000 });
        expect(await stateAfter(put)).toEqual([listedAs(put)]);
      });

      test('move only to a later slot', async () => {
        const done = { state: TaskState.TASK_STATE_COMPLETED };
        expect(await stateAfter(head(slot(2)), head(slot(10), done))).toMatchObject([done]);
        expect(await stateAfter(head(slot(9)))).toMatchObject([done]);
        const other = head(slot(10), { state: TaskState.TASK_STATE_FAILED });
        expect(await stateAfter(other)).toMatchObject([done]);
        const failed = { state: TaskState.TASK_STATE_FAILED };
        expect(await stateAfter(head(slot(10, 1), failed))).toMatchObject([failed]);
      });

      test('take their context along when it changes', async () => {
        await stateAfter(head(slot(1)), head(slot(2), { contextId: 'context-2' }));
        expect(taskIds(await listedTasks(storage, SCOPE, { contextId: 'context-1' }))).toEqual([]);
        expect(taskIds(await listedTasks(storage, SCOPE, { contextId: 'context-2' }))).toEqual([
          'task-1',
        ]);
      });

      test('[I6] hold whatever an executor may have put into a status', async () => {
        const odd = head(slot(1), {
          timestamp: -8.64e15,
          latest: 8.64e15,
          contextId: '#%é𝄞'.repeat(300),
          state: TaskState.TASK_STATE_UNSPECIFIED,
        });
        expect(await stateAfter(odd)).toEqual([listedAs(odd)]);
        expect(await listedTasks(storage, SCOPE, { contextId: odd.contextId })).toHaveLength(1);
      });

      test('[I6] hold a context id that a client made of half a character', async () => {
        // What cannot be put is retried for ever: it must be refused before, or go in somehow.
        const odd = head(slot(1), { contextId: 'context \ud800' });
        await expect(storage.putHead(KEY, odd)).resolves.toBeUndefined();
        expect(taskIds(await listedTasks(storage, SCOPE))).toEqual(['task-1']);
      });

      test('hold a status without a time, also after one with it, and an empty context', async () => {
        const bare = head(slot(2), { timestamp: undefined, latest: 0, contextId: '' });
        expect(await stateAfter(head(slot(1)), bare)).toEqual([listedAs(bare)]);
        expect(await listedTasks(storage, SCOPE, { contextId: '' })).toHaveLength(1);
      });

      test.each([
        ['long', 'x'.repeat(1_400)],
        ['of characters that are escaped', '#'.repeat(400)],
        ['of characters of four bytes', '𝄞'.repeat(350)],
      ])('are put for every task key that is allowed: an id %s', async (_, taskId) => {
        const key = { ...KEY, taskId };
        await storage.putRecord(key, sampleRecord('r1', FIRST_SLOT));
        await storage.putHead(key, head(FIRST_SLOT, { taskId }));
        expect(taskIds(await listedTasks(storage, SCOPE))).toEqual([taskId]);
        expect(taskIds(await listedTasks(storage, SCOPE, { contextId: 'context-1' }))).toEqual([
          taskId,
        ]);
      });
    });

    describe('list', () => {
      test('leaves out tasks that have no head', async () => {
        await storage.putRecord(KEY, sampleRecord('r1', FIRST_SLOT));
        expect(await listedTasks(storage, SCOPE)).toEqual([]);
      });

      test('gives all tasks of an owner, or of one context of it', async () => {
        const all = Array.from({ length: 40 }, (_, n) => `task-${String(n).padStart(2, '0')}`);
        for (const [n, taskId] of all.entries()) {
          const contextId = `context-${n % 3}`;
          await storage.putHead({ ...SCOPE, taskId }, head(FIRST_SLOT, { taskId, contextId }));
        }
        expect(taskIds(await listedTasks(storage, SCOPE))).toEqual(all);
        expect(taskIds(await listedTasks(storage, SCOPE, { contextId: 'context-1' }))).toEqual(
          all.filter((_, n) => n % 3 === 1),
        );
        expect(await listedTasks(storage, SCOPE, { contextId: 'context-9' })).toEqual([]);
      });

      test('gives what passes the filter, all of it and nothing else', async () => {
        const time = fc.constantFrom(-1_000, 0, 1_000, 2_000, 3_000);
        const fields = fc.record({
          state: fc.constantFrom(...STATES),
          timestamp: fc.option(time, { nil: undefined }),
          contextId: fc.constantFrom('context-1', 'context-2'),
          at: time,
          ahead: fc.constantFrom(0, 0, 5_000),
        });
        const filter: fc.Arbitrary<ListFilter> = fc.record({
          contextId: fc.constantFrom(undefined, 'context-1'),
          state: fc.option(fc.constantFrom(...STATES), { nil: undefined }),
          after: fc.option(time, { nil: undefined }),
          endedSince: time,
        });
        let owners = 0;
        await fc.assert(
          fc.asyncProperty(
            fc.array(fields, { maxLength: 12 }),
            fc.array(filter, { minLength: 4, maxLength: 8 }),
            async (all, filters) => {
              const scope = { tenant: 'tenant', owner: `owner-${owners++}` };
              const heads = all.map(({ ahead, ...given }, n) => {
                const latest = Math.max(0, given.timestamp ?? 0) + ahead;
                return head(FIRST_SLOT, { ...given, taskId: `task-${10 + n}`, latest });
              });
              for (const one of heads) {
                await storage.putHead({ ...scope, taskId: one.taskId }, one);
              }
              for (const wanted of filters) {
                const found = heads.filter(
                  (one) =>
                    passes(one, wanted) && [undefined, one.contextId].includes(wanted.contextId),
                );
                expect(taskIds(await listedTasks(storage, scope, wanted))).toEqual(taskIds(found));
              }
            },
          ),
          { numRuns: 12 },
        );
      });

      test('[I9] gives a context only to its owner', async () => {
        await storage.putHead(KEY, head(FIRST_SLOT));
        expect(
          await listedTasks(
            storage,
            { tenant: 'tenant', owner: 'other' },
            { contextId: 'context-1' },
          ),
        ).toEqual([]);
        expect(
          await listedTasks(
            storage,
            { tenant: 'other', owner: 'owner' },
            { contextId: 'context-1' },
          ),
        ).toEqual([]);
      });
    });

    describe('snapshots', () => {
      const NOW = 1_700_000_000_000;
      const snapshot = (id: string, at: Slot, text = id): Snapshot => ({ id, slot: at, text });
      const slots = [slot(1), slot(2), slot(3), slot(4)];

      const write = async (): Promise<void> => {
        for (const [n, at] of slots.entries()) {
          await storage.putRecord(KEY, sampleRecord(`r${n + 1}`, at));
        }
        await storage.putHead(KEY, head(slot(1)));
      };
      const loaded = async (): Promise<[Snapshot | undefined, ...string[]]> => {
        const log = await loadWhole(storage, KEY);
        return [log.snapshot, ...ids(log.records)];
      };

      test('take the place of the records before them, for load alone', async () => {
        await write();
        const one = snapshot('s1', slot(3));
        expect(await storage.putSnapshot(KEY, one, NOW)).toEqual({});
        expect(await loaded()).toEqual([one, 'r3', 'r4']);
        const all = await collect(storage.readRecords(KEY, FIRST_SLOT));
        expect(ids(all)).toEqual(['r1', 'r2', 'r3', 'r4']);
        expect((await loadWhole(storage, KEY)).head).toEqual(head(slot(1)));
      });

      test('of a later slot win, and name the one that nobody needs any more', async () => {
        await write();
        await storage.putSnapshot(KEY, snapshot('s1', slot(2)), NOW);
        const later = snapshot('s2', slot(4));
        const { obsolete } = await storage.putSnapshot(KEY, later, NOW);
        expect(obsolete).toMatchObject({ id: 's1', slot: slot(2) });
        expect(await loaded()).toEqual([later, 'r4']);
        if (obsolete) await storage.dropSnapshot(KEY, obsolete);
        if (obsolete) await storage.dropSnapshot(KEY, obsolete);
        expect(await loaded()).toEqual([later, 'r4']);
      });

      test.each([
        ['an earlier', slot(2)],
        ['the same', slot(3)],
      ])('that come late, for %s slot, change nothing and are told obsolete', async (_, at) => {
        await write();
        const one = snapshot('s1', slot(3));
        await storage.putSnapshot(KEY, one, NOW);
        const { obsolete } = await storage.putSnapshot(KEY, snapshot('late', at), NOW);
        expect(obsolete).toMatchObject({ id: 'late', slot: at });
        expect(await loaded()).toEqual([one, 'r3', 'r4']);
        if (obsolete) await storage.dropSnapshot(KEY, obsolete);
        expect(await loaded()).toEqual([one, 'r3', 'r4']);
      });

      test('of the same slot win if they are put later: a silent log is renewed', async () => {
        await write();
        const [one, two] = [snapshot('s1', slot(3)), snapshot('s2', slot(3))];
        await storage.putSnapshot(KEY, one, NOW);
        const { obsolete } = await storage.putSnapshot(KEY, two, NOW + 86_400_000);
        expect(obsolete).toMatchObject({ id: 's1', slot: slot(3) });
        if (obsolete) await storage.dropSnapshot(KEY, obsolete);
        expect(await loaded()).toEqual([two, 'r3', 'r4']);
        const late = snapshot('late', slot(3));
        expect((await storage.putSnapshot(KEY, late, NOW)).obsolete).toMatchObject({ id: 'late' });
        expect(await loaded()).toEqual([two, 'r3', 'r4']);
      });

      test('put again, after no answer, are not obsolete', async () => {
        await write();
        const one = snapshot('s1', slot(3));
        await storage.putSnapshot(KEY, one, NOW);
        expect(await storage.putSnapshot(KEY, one, NOW)).toEqual({});
        expect(await loaded()).toEqual([one, 'r3', 'r4']);
      });

      test('survive a new status, and keep what they are when the head moves', async () => {
        await write();
        const one = snapshot('s1', slot(3));
        await storage.putSnapshot(KEY, one, NOW);
        await storage.putHead(KEY, head(slot(4), { state: TaskState.TASK_STATE_COMPLETED }));
        expect(await loaded()).toEqual([one, 'r3', 'r4']);
        expect(taskIds(await listedTasks(storage, SCOPE))).toEqual(['task-1']);
      });

      test('of a task without a head are found by nobody: they are told obsolete', async () => {
        await storage.putRecord(KEY, sampleRecord('r1', slot(1)));
        const one = snapshot('s1', slot(2));
        const { obsolete } = await storage.putSnapshot(KEY, one, NOW);
        expect(obsolete).toMatchObject({ id: 's1' });
        expect(await loaded()).toEqual([undefined, 'r1']);
      });

      test('may have megabytes, and any text', async () => {
        await write();
        const text = `€ 𝄞 漢字 \u0000 ${noise('snapshot', 1_500_000)}`;
        await storage.putSnapshot(KEY, snapshot('s1', slot(4), text), NOW);
        const log = await loadWhole(storage, KEY);
        // Not the texts themselves: a failure would print megabytes.
        expect(log.snapshot?.text === text).toBe(true);
        expect(ids(log.records)).toEqual(['r4']);
      });
    });

    describe('erase', () => {
      const write = async (): Promise<void> => {
        for (const n of [1, 2, 3]) {
          await storage.putRecord(KEY, sampleRecord(`r${n}`, slot(n), 'secret'));
        }
        await storage.putHead(KEY, head(slot(1)));
        const snapshot = { id: 's1', slot: slot(2), text: 'secret' };
        await storage.putSnapshot(KEY, snapshot, 1_700_000_000_000);
      };
      const kinds = (records: readonly LogRecord[]): string[] =>
        records.flatMap(({ entries }) => entries.map(({ kind }) => kind));

      test('leaves records that say no more than that the task was deleted', async () => {
        await write();
        await storage.erase(KEY);
        const log = await loadWhole(storage, KEY);
        expect(log.head).toBeUndefined();
        expect(log.snapshot).toBeUndefined();
        expect(ids(log.records)).toEqual(['r1', 'r2', 'r3']);
        expect(kinds(log.records)).toEqual(['deleted', 'deleted', 'deleted']);
        const all = await collect(storage.readRecords(KEY, FIRST_SLOT));
        expect(kinds(all)).toEqual(['deleted', 'deleted', 'deleted']);
        expect(JSON.stringify([log, all])).not.toContain('secret');
      });

      test('[I1] leaves every slot taken: a late put does not win it', async () => {
        await write();
        await storage.erase(KEY);
        for (const n of [1, 2, 3]) {
          const outcome = await storage.putRecord(KEY, sampleRecord('late', slot(n)));
          expect(outcome).toMatchObject({ taken: { id: `r${n}`, slot: slot(n) } });
        }
      });

      test('takes the task off the lists, and no late write puts it there', async () => {
        await write();
        await storage.erase(KEY);
        await storage.putHead(KEY, head(slot(3)));
        const late = { id: 's2', slot: slot(3), text: 'late' };
        const { obsolete } = await storage.putSnapshot(KEY, late, 1_700_000_000_000);
        expect(obsolete).toMatchObject({ id: 's2' });
        expect(await listedTasks(storage, SCOPE)).toEqual([]);
        expect(await listedTasks(storage, SCOPE, { contextId: 'context-1' })).toEqual([]);
        expect((await loadWhole(storage, KEY)).snapshot).toBeUndefined();
      });

      test('keeps a head from coming late that was not there', async () => {
        await storage.putRecord(KEY, sampleRecord('r1', slot(1)));
        await storage.erase(KEY);
        await storage.putHead(KEY, head(slot(1)));
        expect(await listedTasks(storage, SCOPE)).toEqual([]);
      });

      test('may be repeated', async () => {
        await write();
        await storage.erase(KEY);
        const once = await loadWhole(storage, KEY);
        await storage.erase(KEY);
        expect(await loadWhole(storage, KEY)).toEqual(once);
      });

      test('[I9] touches no other task', async () => {
        await write();
        const other = { ...KEY, owner: 'other' };
        await storage.putRecord(other, sampleRecord('r1', FIRST_SLOT));
        await storage.putHead(other, head(FIRST_SLOT));
        await storage.erase(KEY);
        expect(ids((await loadWhole(storage, other)).records)).toEqual(['r1']);
        expect(kinds((await loadWhole(storage, other)).records)).not.toContain('deleted');
        expect(await listedTasks(storage, other)).toHaveLength(1);
      });
    });

    test('[I9] never mixes two tasks, owners or tenants, whatever their names hold', async () => {
      await fc.assert(
        fc.asyncProperty(differentKeys, async (keys) => {
          const fresh = await factory();
          try {
            for (const [n, key] of keys.entries()) {
              const record = sampleRecord(`r${n}`, FIRST_SLOT);
              expect(await fresh.storage.putRecord(key, record)).toEqual({ written: true });
              await fresh.storage.putHead(key, head(FIRST_SLOT, { taskId: key.taskId }));
            }
            for (const [n, key] of keys.entries()) {
              expect(ids((await loadWhole(fresh.storage, key)).records)).toEqual([`r${n}`]);
              const own = keys.filter((k) => k.tenant === key.tenant && k.owner === key.owner);
              const wanted = own.map((k) => k.taskId).sort((a, b) => (a < b ? -1 : 1));
              expect(taskIds(await listedTasks(fresh.storage, key))).toEqual(wanted);
              expect(
                taskIds(await listedTasks(fresh.storage, key, { contextId: 'context-1' })),
              ).toEqual(wanted);
            }
          } finally {
            await fresh.dispose();
          }
        }),
        { numRuns: 6 },
      );
    });

    test('[I9] takes no ill-formed name for the one its bytes would become', async () => {
      // UTF-8 has no lone surrogate: a careless encoder makes each of them U+FFFD.
      const [real, forged] = ['\ufffd', '\ud800'];
      const key = { tenant: real, owner: 'owner', taskId: 'task-1' };
      await storage.putRecord(key, sampleRecord('r1', FIRST_SLOT));
      await storage.putHead(key, head(FIRST_SLOT, { contextId: real }));
      expect(taskIds(await listedTasks(storage, key, { contextId: real }))).toEqual(['task-1']);
      const seen = async (read: () => Promise<readonly unknown[]>): Promise<unknown> =>
        read().catch((error: { code?: unknown }) => error.code);
      const nothing = expect.toSatisfy((got: unknown) => typeof got === 'string' || empty(got));
      expect(
        await seen(async () => (await loadWhole(storage, { ...key, tenant: forged })).records),
      ).toEqual(nothing);
      expect(await seen(() => listedTasks(storage, { ...key, tenant: forged }))).toEqual(nothing);
      expect(await seen(() => listedTasks(storage, key, { contextId: forged }))).toEqual(nothing);
    });
  });
}

function empty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
