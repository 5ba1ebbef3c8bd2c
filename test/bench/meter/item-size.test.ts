import { expect, it } from 'vitest';
import { itemBytes } from './item-size.ts';

it('counts names and values in UTF-8', () => {
  expect(itemBytes({ pk: { S: 'é' }, raw: { B: new Uint8Array(5) } })).toBe(2 + 2 + 3 + 5);
});

it.each([
  ['0', 1],
  ['7', 2],
  ['1000', 2],
  ['123', 3],
  ['-123', 4],
  ['0.001', 2],
  ['1.5e10', 2],
])('counts %s as %i bytes', (N, bytes) => {
  expect(itemBytes({ n: { N } })).toBe(1 + bytes);
});

it('counts 3 bytes for a list or map and 1 for each element', () => {
  expect(itemBytes({ l: { L: [{ S: 'ab' }, { BOOL: true }] } })).toBe(1 + 3 + 3 + 2);
  expect(itemBytes({ m: { M: { k: { NULL: true } } } })).toBe(1 + 3 + 1 + 2);
});
