import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import {
  assertTaskKey,
  escapeKeyPart,
  joinKey,
  MAX_TASK_KEY_BYTES,
  taskKeyHash,
  taskKeyText,
} from '../src/task-key.ts';

// Many schedules: a machine under load may take its time.
vi.setConfig({ testTimeout: 60_000 });

const part = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.constantFrom('#', '%', '2', '3', '5', 'a')).map((all) => all.join('')),
);
const key = fc.record({ tenant: part, owner: part, taskId: part });

describe('task keys', () => {
  test('[I9] an escaped part holds no separator and is the only one that gives its text', () => {
    fc.assert(
      fc.property(part, part, (a, b) => {
        expect(escapeKeyPart(a)).not.toContain('#');
        expect(escapeKeyPart(a) === escapeKeyPart(b)).toBe(a === b);
        const back = escapeKeyPart(a).replace(/%2[35]/g, (x) => (x === '%23' ? '#' : '%'));
        expect(back).toBe(a);
      }),
    );
  });

  test('[I9] different lists of parts never join to one key', () => {
    const parts = fc.array(part, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        expect(joinKey(...a) === joinKey(...b)).toBe(JSON.stringify(a) === JSON.stringify(b));
        expect(joinKey(...a).split('#')).toHaveLength(a.length);
      }),
      { numRuns: 500 },
    );
  });

  test('[I9] one part moved over to the next makes another key', () => {
    fc.assert(
      fc.property(part, part, part, fc.nat(), (a, b, c, cut) => {
        const joined = `${a}#${b}#${c}`;
        const at = cut % (joined.length + 1);
        const split = [joined.slice(0, at), joined.slice(at)];
        expect(joinKey(...split)).not.toBe(joinKey(a, b, c));
      }),
    );
  });

  test('[I9] the hash of a key is short and its own', () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        fc.pre(taskKeyText(a).isWellFormed() && taskKeyText(b).isWellFormed());
        expect(taskKeyHash(a)).toMatch(/^[\w-]{22}$/);
        expect(taskKeyHash(a) === taskKeyHash(b)).toBe(taskKeyText(a) === taskKeyText(b));
      }),
    );
  });

  test.each([
    ['an empty task id', ''],
    ['a lone surrogate', 'a\ud800'],
    ['too many bytes', 'x'.repeat(MAX_TASK_KEY_BYTES)],
    ['too many bytes once escaped', '#'.repeat(MAX_TASK_KEY_BYTES / 3)],
    ['too many bytes in UTF-8', '€'.repeat(MAX_TASK_KEY_BYTES / 3)],
  ])('a key of %s is refused', (_, taskId) => {
    expect(() => assertTaskKey({ tenant: '', owner: '', taskId })).toThrowError(
      expect.objectContaining({ code: 'invalid-key' }),
    );
  });

  test('a key as long as allowed is taken, and an empty tenant and owner', () => {
    const taskId = 'x'.repeat(MAX_TASK_KEY_BYTES - 2);
    expect(() => assertTaskKey({ tenant: '', owner: '', taskId })).not.toThrow();
  });
});
