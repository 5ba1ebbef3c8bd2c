import { expect, test } from 'vitest';
import { median, tally } from '../tally.ts';

test.each([
  ['all of them', [0, 1, 2, 3], { received: 4, duplicated: 0, lost: 0, inOrder: true }],
  ['nothing', [], { received: 0, duplicated: 0, lost: 4, inOrder: true }],
  ['one twice', [0, 1, 1, 2, 3], { received: 5, duplicated: 1, lost: 0, inOrder: false }],
  ['one later once more', [0, 1, 2, 3, 0], { received: 5, duplicated: 1, lost: 0, inOrder: false }],
  ['one not', [0, 2, 3], { received: 3, duplicated: 0, lost: 1, inOrder: true }],
  [
    'two the wrong way round',
    [0, 2, 1, 3],
    { received: 4, duplicated: 0, lost: 0, inOrder: false },
  ],
])('counts %s', (_, numbers, expected) => {
  expect(tally(4, numbers)).toEqual({ sent: 4, ...expected });
});

test('the median is the middle one', () => {
  expect(median([30, 1, 2])).toBe(2);
  expect(median([])).toBeUndefined();
});
