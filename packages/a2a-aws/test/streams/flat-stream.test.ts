import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FlatStream, type Parts } from '../../src/streams/flat-stream.ts';

/** Parts that record when they are released. */
function partsOf(parts: readonly Iterable<number>[]) {
  const seen = { isReleased: false, asked: 0 };
  async function* generate(): Parts<number> {
    try {
      for (const part of parts) {
        seen.asked += 1;
        yield part;
      }
    } finally {
      seen.isReleased = true;
    }
  }
  return { stream: new FlatStream(generate()), seen };
}

test('the items of all parts come in order, however many are asked for at once', async () => {
  const parts = fc.array(fc.array(fc.integer(), { maxLength: 4 }), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(parts, fc.integer({ min: 1, max: 5 }), async (all, atOnce) => {
      const { stream, seen } = partsOf(all);
      const items: number[] = [];
      for (let isOver = false; !isOver; ) {
        const asked = Array.from({ length: atOnce }, () => stream.next());
        for (const { value, done } of await Promise.all(asked)) {
          if (done) isOver = true;
          else items.push(value as number);
        }
      }
      expect(items).toEqual(all.flat());
      expect(seen.isReleased).toBe(true);
    }),
  );
});

test('a part is not asked for before the one before it was read', async () => {
  const { stream, seen } = partsOf([[1, 2], [3]]);
  await stream.next();
  await stream.next();
  expect(seen.asked).toBe(1);
  await stream.next();
  expect(seen.asked).toBe(2);
});

test('an item is made when it is asked for', async () => {
  const made: number[] = [];
  function* items() {
    for (const item of [1, 2]) {
      made.push(item);
      yield item;
    }
  }
  const { stream } = partsOf([items()]);
  await stream.next();
  expect(made).toEqual([1]);
});

describe('an end', () => {
  test('by return releases the parts, and nothing follows', async () => {
    const { stream, seen } = partsOf([[1, 2]]);
    await stream.next();
    expect(await stream.return()).toEqual({ value: undefined, done: true });
    expect(seen.isReleased).toBe(true);
    expect(await stream.next()).toEqual({ value: undefined, done: true });
  });

  test('by return waits for calls before it', async () => {
    const { stream } = partsOf([[1, 2]]);
    const answers = await Promise.all([stream.next(), stream.return(), stream.next()]);
    expect(answers.map(({ value }) => value)).toEqual([1, undefined, undefined]);
  });

  test('by throw releases the parts', async () => {
    const { stream, seen } = partsOf([[1, 2]]);
    await stream.next();
    await expect(stream.throw(new Error('Enough.'))).rejects.toThrow('Enough.');
    expect(seen.isReleased).toBe(true);
    expect((await stream.next()).done).toBe(true);
  });

  test('by an item that fails releases the parts, at first and later', async () => {
    for (const before of [[], [1]]) {
      function* items() {
        yield* before;
        throw new Error('No item.');
      }
      const { stream, seen } = partsOf([items(), [2]]);
      for (const _ of before) await stream.next();
      await expect(stream.next()).rejects.toThrow('No item.');
      expect(seen.isReleased).toBe(true);
      expect((await stream.next()).done).toBe(true);
    }
  });

  test('by a loop that breaks releases the parts', async () => {
    const { stream, seen } = partsOf([[1, 2]]);
    for await (const _ of stream) break;
    expect(seen.isReleased).toBe(true);
  });
});
