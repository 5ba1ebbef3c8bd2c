import type { TaskKey } from '@a2a-aws/core';
import fc from 'fast-check';

/** Parts that make keys collide if they are joined carelessly. */
const part: fc.Arbitrary<string> = fc
  .array(fc.constantFrom('#', '%', '%23', '%25', '/', 'T', 'a', '\u0000', 'é', '𝄞', '￿'), {
    maxLength: 3,
  })
  .map((pieces) => pieces.join(''));

/** Keys that differ, many of them only in where one part ends and the next begins. */
export const differentKeys: fc.Arbitrary<TaskKey[]> = fc
  .uniqueArray(
    fc.record({
      tenant: part,
      owner: part,
      taskId: part.filter((text) => text !== ''),
    }),
    {
      minLength: 2,
      maxLength: 8,
      selector: (key) => JSON.stringify([key.tenant, key.owner, key.taskId]),
    },
  )
  .map((keys) => [...keys, ...LOOKALIKES]);

/** Joined by `#` without escaping, or escaped without escaping the escape, these are one. */
const LOOKALIKES: readonly TaskKey[] = [
  { tenant: '', owner: 'x#y', taskId: 'z' },
  { tenant: '#x', owner: 'y', taskId: 'z' },
  { tenant: '', owner: 'x', taskId: 'y#z' },
  { tenant: '', owner: 'x%23y', taskId: 'z' },
  { tenant: '', owner: 'x%2523y', taskId: 'z' },
];
