import type { LogStorage } from '@a2a-aws/core';
import { FIRST_SLOT } from '@a2a-aws/core/internal';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { listedTasks } from '../listed-tasks.ts';
import { differentKeys } from '../sample-keys.ts';
import { loadWhole, sampleRecord } from '../sample-log.ts';
import type { LogStorageUnderTest } from './log-storage-under-test.ts';
import { head, ids, taskIds } from './sample-heads.ts';

/** Tenant and owner are part of every key. */
export function scopes(open: () => LogStorage, fresh: () => Promise<LogStorageUnderTest>): void {
  describe('the storage', () => {
    let storage: LogStorage;

    beforeEach(() => {
      storage = open();
    });

    test('[I9] never mixes two tasks, owners or tenants, whatever their names contain', async () => {
      await fc.assert(
        fc.asyncProperty(differentKeys, async (keys) => {
          const subject = await fresh();
          try {
            for (const [n, key] of keys.entries()) {
              const record = sampleRecord(`r${n}`, FIRST_SLOT);
              expect(await subject.storage.putRecord(key, record)).toEqual({ written: true });
              await subject.storage.putHead(key, head(FIRST_SLOT, { taskId: key.taskId }));
            }
            for (const [n, key] of keys.entries()) {
              expect(ids((await loadWhole(subject.storage, key)).records)).toEqual([`r${n}`]);
              const own = keys.filter((k) => k.tenant === key.tenant && k.owner === key.owner);
              const wanted = own.map((k) => k.taskId).sort((a, b) => (a < b ? -1 : 1));
              expect(taskIds(await listedTasks(subject.storage, key))).toEqual(wanted);
              expect(
                taskIds(await listedTasks(subject.storage, key, { contextId: 'context-1' })),
              ).toEqual(wanted);
            }
          } finally {
            await subject.dispose();
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
