import type { TaskHead, TaskKey } from '@a2a-aws/core';
import { assertTaskKey, FIRST_SLOT } from '@a2a-aws/core/internal';
import { TaskState } from '@a2a-js/sdk';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Keys, taskIdOf, timeText } from '../../src/table/keys.ts';

/** Amazon DynamoDB developer guide, "Quotas": bytes of a partition key and of a sort key. */
const PARTITION_BYTES = 2_048;
const SORT_BYTES = 1_024;

const unit = fc.constantFrom('#', '%', 'a', 'é', '€', '𝄞');
const text = (maxLength: number): fc.Arbitrary<string> =>
  fc
    .tuple(unit, fc.nat(maxLength))
    .chain(([one, length]) =>
      fc.array(fc.oneof(fc.constant(one), unit), { maxLength: length }).map((all) => all.join('')),
    );
const repeated = (max: number): fc.Arbitrary<string> =>
  fc.tuple(unit, fc.nat(max)).map(([one, count]) => one.repeat(count));

const key: fc.Arbitrary<TaskKey> = fc
  .record({
    tenant: fc.oneof(text(3), repeated(500)),
    owner: fc.oneof(text(3), repeated(500)),
    taskId: fc.oneof(text(3), repeated(1_500)),
  })
  .filter((candidate) => {
    try {
      assertTaskKey(candidate);
      return true;
    } catch {
      return false;
    }
  });

const head = (taskKey: TaskKey, latest: number, contextId: string): TaskHead => ({
  taskId: taskKey.taskId,
  contextId,
  latest,
  writtenAtMs: 1,
  slot: FIRST_SLOT,
  state: TaskState.TASK_STATE_WORKING,
});

const time = fc.maxSafeNat().map((n) => Math.min(n, 8.64e15));
const keys = new Keys('a2a');

describe('the keys of an allowed task', () => {
  test('fit into a partition key and a sort key', () => {
    fc.assert(
      fc.property(key, (taskKey) => {
        expect(Buffer.byteLength(keys.task(taskKey))).toBeLessThanOrEqual(PARTITION_BYTES);
        const row = { instance: 'name-0123456789abcdef', key: taskKey };
        for (const { pk, sk } of [
          keys.run({ ...row, run: '0123456789abcdef', purpose: 'execute' }),
          keys.watch({ ...row, watch: '0123456789abcdef' }),
          keys.watchIndex({ ...row, watch: '0123456789abcdef' }),
        ]) {
          expect(Buffer.byteLength(pk)).toBeLessThanOrEqual(PARTITION_BYTES);
          expect(Buffer.byteLength(sk)).toBeLessThanOrEqual(SORT_BYTES);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('[I6] fit into the indexes, whatever the status is: a refused head would be retried forever', () => {
    fc.assert(
      fc.property(key, time, repeated(2_000), (taskKey, latest, contextId) => {
        const { opk, cpk, ssk } = keys.headIndex(taskKey, head(taskKey, latest, contextId));
        expect(Buffer.byteLength(opk)).toBeLessThanOrEqual(PARTITION_BYTES);
        expect(Buffer.byteLength(cpk)).toBeLessThanOrEqual(PARTITION_BYTES);
        expect(Buffer.byteLength(ssk)).toBeLessThanOrEqual(SORT_BYTES);
      }),
      { examples: [[{ tenant: '', owner: '', taskId: '#'.repeat(400) }, 0, '']] },
    );
  });

  test('sort in an index as the times of their status do', () => {
    fc.assert(
      fc.property(time, time, (one, other) => {
        const [a, b] = [timeText(one), timeText(other)];
        expect(Math.sign(one - other)).toBe(a < b ? -1 : a > b ? 1 : 0);
      }),
    );
  });

  test('give back the id of their task', () => {
    fc.assert(
      fc.property(key, (taskKey) => {
        expect(taskIdOf(keys.task(taskKey))).toBe(taskKey.taskId);
      }),
    );
  });
});

describe('the shards of an owner', () => {
  const scope = { tenant: 't', owner: 'o' };
  const shardOf = (taskId: string, shards: number): string =>
    new Keys('a2a', shards).headIndex({ ...scope, taskId }, head({ ...scope, taskId }, 0, 'c')).opk;
  const ids = Array.from({ length: 1_000 }, (_, n) => `task-${n}`);

  test('bear about as many tasks each', () => {
    for (const shards of [1, 4, 16]) {
      const counts = new Map<string, number>();
      for (const id of ids) {
        const shard = shardOf(id, shards);
        counts.set(shard, (counts.get(shard) ?? 0) + 1);
      }
      expect([...counts.keys()].sort()).toEqual(new Keys('a2a', shards).ownerShards(scope).sort());
      expect(Math.max(...counts.values())).toBeLessThan((1.5 * ids.length) / shards);
    }
  });

  test('are read after their number has grown, wherever a task was put before', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 64 }), (a, b) => {
        const [before, after] = [Math.min(a, b), Math.max(a, b)];
        const read = new Keys('a2a', after).ownerShards(scope);
        for (const id of ids.slice(0, 50)) expect(read).toContain(shardOf(id, before));
      }),
    );
  });

  test.each([0, -1, 1.5, 65, Number.NaN])('are not %s', (shards) => {
    expect(() => new Keys('a2a', shards)).toThrow(
      expect.objectContaining({ code: 'configuration' }),
    );
  });
});
