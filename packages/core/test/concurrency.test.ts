import { expect, test } from 'vitest';
import { mapConcurrent } from '../src/concurrency.ts';

const items = Array.from({ length: 20 }, (_, n) => n);

test('results come in the order of the items, of which no more than asked are under way', async () => {
  let [now, most] = [0, 0];
  const squares = await mapConcurrent(items, 3, async (n) => {
    now += 1;
    most = Math.max(most, now);
    for (let turn = 0; turn < 20 - n; turn += 1) await Promise.resolve();
    now -= 1;
    return n * n;
  });
  expect(squares).toEqual(items.map((n) => n * n));
  expect(most).toBe(3);
});

test('it fails as one of them fails', async () => {
  const work = async (n: number): Promise<number> => {
    if (n === 7) throw new Error('seven');
    return n;
  };
  await expect(mapConcurrent(items, 4, work)).rejects.toThrow('seven');
  expect(await mapConcurrent([], 4, work)).toEqual([]);
});
