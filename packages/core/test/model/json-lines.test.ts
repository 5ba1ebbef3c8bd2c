import { expect, test } from 'vitest';
import { LineWriter, readLines } from '../../src/model/json-lines.ts';
import type { Sliced } from '../../src/model/sliced.ts';

function result<T>(work: Sliced<T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value as T;
  }
}

test('lists are read back, however many and short they are', () => {
  const writer = new LineWriter();
  writer.open({ v: 1 });
  for (let n = 0; n < 1_000; n += 1) {
    result(writer.list(`list-${n}-of-artifacts`, [n], (element) => element));
  }
  writer.close();
  const { lists } = result(readLines(Buffer.from(writer.text()), (json) => json));
  expect(lists.map(([element]) => element)).toEqual(Array.from({ length: 1_000 }, (_, n) => n));
});

test.each([
  ['open one list after the other', '[\n'],
  ['close and open', '],[\n'],
  ['close', ']\n'],
])('lines that only %s are refused before they are collected', (_, line) => {
  const text = `{"v":1,"a":[\n${line.repeat(1_000_000)}`;
  expect(() => result(readLines(Buffer.from(text), (json) => json))).toThrow('too many lists');
});
