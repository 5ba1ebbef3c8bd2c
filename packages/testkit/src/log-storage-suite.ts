import type { LogStorage } from '@a2a-aws/core';
import { FIRST_SLOT } from '@a2a-aws/core/internal';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { listedTasks } from './listed-tasks.ts';
import { erasure } from './log-storage/erasure.ts';
import { heads } from './log-storage/heads.ts';
import { lists } from './log-storage/lists.ts';
import type { LogStorageUnderTest } from './log-storage/log-storage-under-test.ts';
import { puts } from './log-storage/puts.ts';
import { reads } from './log-storage/reads.ts';
import { KEY, SCOPE } from './log-storage/sample-heads.ts';
import { scopes } from './log-storage/scopes.ts';
import { snapshots } from './log-storage/snapshots.ts';
import { collect, loadWhole } from './sample-log.ts';

/** The laws of the {@link LogStorage} port, as tests of whatever `factory` makes. */
export function logStorageSuite(name: string, factory: () => Promise<LogStorageUnderTest>): void {
  describe(`${name} as a LogStorage`, () => {
    let subject: LogStorageUnderTest;
    const storage = (): LogStorage => subject.storage;

    beforeEach(async () => {
      subject = await factory();
    });

    afterEach(() => subject.dispose());

    test('finds its table', async () => {
      await expect(storage().check()).resolves.toBeUndefined();
    });

    test('reads a log without records as empty', async () => {
      expect((await loadWhole(storage(), KEY)).records).toEqual([]);
      expect(await collect(storage().readRecords(KEY, FIRST_SLOT))).toEqual([]);
      expect(await listedTasks(storage(), SCOPE)).toEqual([]);
      expect(await listedTasks(storage(), SCOPE, { contextId: 'context-1' })).toEqual([]);
    });

    for (const part of [puts, reads, heads, lists, snapshots, erasure]) part(storage);
    scopes(storage, factory);
  });
}
