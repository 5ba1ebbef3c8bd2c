import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isLongJson, jsonPieces } from '../../src/connections/json-pieces.ts';

/** So short that nearly every value is divided. */
const PIECE = 12;

/** Plain data, and the values that JSON leaves out or writes in another form. */
const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    fc.jsonValue(),
    fc.constantFrom(undefined, () => 1, Symbol('left out'), Number.NaN, -0, new Date(0)),
    fc.string({ unit: 'binary' }),
    fc.array(tie('value'), { maxLength: 12 }),
    fc.dictionary(
      fc.oneof(fc.string(), fc.constant('__proto__'), fc.nat().map(String)),
      tie('value'),
    ),
  ),
})).value;

test('the pieces together are the text that JSON.stringify writes', () => {
  fc.assert(
    fc.property(values, (value) => {
      const body = { value };
      expect([...jsonPieces(body, PIECE)].join('')).toBe(JSON.stringify(body));
    }),
    { numRuns: 2_000 },
  );
});

test('a long array, a long object and an array in a long object are divided', () => {
  const texts = Array.from({ length: 100 }, (_, n) => `text ${n}`);
  const byName = Object.fromEntries(texts.map((text) => [text, text]));
  for (const value of [texts, byName, { result: { task: { history: texts } } }]) {
    const pieces = [...jsonPieces(value, PIECE)];
    expect(pieces.join('')).toBe(JSON.stringify(value));
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(5 * PIECE);
  }
});

test('an array of very many values is divided', () => {
  const value = { numbers: Array.from({ length: 300_000 }, (_, n) => n) };
  expect([...jsonPieces(value)].join('')).toBe(JSON.stringify(value));
});

test('values that are nested deeply are written whole', () => {
  let value: unknown = 'x'.repeat(100);
  for (let n = 0; n < 1_000; n += 1) value = { value };
  expect([...jsonPieces(value, PIECE)].join('')).toBe(JSON.stringify(value));
});

test('the length of JSON counts all texts in it', () => {
  const body = { history: [{ text: 'x'.repeat(500) }, { text: 'y'.repeat(500) }] };
  expect(isLongJson(body, 1_000)).toBe(true);
  expect(isLongJson(body, 1_100)).toBe(false);
});
