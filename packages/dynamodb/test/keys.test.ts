import { assertTaskKey, FIRST_SLOT, type TaskHead, type TaskKey } from '@a2a-aws/core';
import { TaskState } from '@a2a-js/sdk';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Keys } from '../src/keys.ts';

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

const head = (taskKey: TaskKey, timestamp: string, contextId: string): TaskHead => ({
  taskId: taskKey.taskId,
  contextId,
  timestamp,
  at: 1,
  slot: FIRST_SLOT,
  state: TaskState.TASK_STATE_WORKING,
});

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

  test('[I6] fit into the indexes, whatever the status says: a head that is refused is retried for ever', () => {
    fc.assert(
      fc.property(key, repeated(200), repeated(2_000), (taskKey, timestamp, contextId) => {
        const { opk, cpk, ssk } = keys.headIndex(taskKey, head(taskKey, timestamp, contextId));
        expect(Buffer.byteLength(opk)).toBeLessThanOrEqual(PARTITION_BYTES);
        expect(Buffer.byteLength(cpk)).toBeLessThanOrEqual(PARTITION_BYTES);
        expect(Buffer.byteLength(ssk)).toBeLessThanOrEqual(SORT_BYTES);
      }),
      { examples: [[{ tenant: '', owner: '', taskId: '#'.repeat(400) }, '', '']] },
    );
  });

  test('[I6] are text that UTF-8 has, wherever a timestamp is cut', () => {
    fc.assert(
      fc.property(fc.integer({ min: 60, max: 66 }), (length) => {
        const taskKey = { tenant: '', owner: 'o', taskId: 't' };
        const timestamp = `${'x'.repeat(length)}𝄞 and more`;
        expect(keys.headIndex(taskKey, head(taskKey, timestamp, 'c')).ssk.isWellFormed()).toBe(
          true,
        );
      }),
    );
  });
});
