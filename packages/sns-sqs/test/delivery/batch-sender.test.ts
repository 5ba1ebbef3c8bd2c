import { BackendError } from '@a2a-aws/core';
import { flush, TestClock } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  BatchSender,
  type BatchSenderOptions,
  worthSending,
} from '../../src/delivery/batch-sender.ts';
import { ByteBudget } from '../../src/delivery/byte-budget.ts';
import { fixedEntropy, type HeldCall, heldCall } from '../fixtures/stubs.ts';

interface Call extends HeldCall {
  readonly items: readonly string[];
}

let clock: TestClock;
let calls: Call[];
let sender: BatchSender<string>;

const make = (
  limits: Partial<Pick<BatchSenderOptions<string>, 'batchBytes' | 'collectMs' | 'joinKey'>> & {
    backlogBytes?: number;
  } = {},
): BatchSender<string> =>
  new BatchSender<string>({
    clock,
    entropy: fixedEntropy,
    batchBytes: limits.batchBytes ?? 1_000,
    backlog: new ByteBudget(limits.backlogBytes ?? 10_000),
    bytes: (item) => item.length,
    ...(limits.joinKey && { joinKey: limits.joinKey }),
    ...(limits.collectMs && { collectMs: limits.collectMs }),
    send: (items) => {
      const held = heldCall(items.length);
      calls.push({ items, ...held });
      return held.promise;
    },
  });

const call = (index: number): Call => {
  const found = calls[index];
  if (!found) throw new Error(`there was no call ${index}`);
  return found;
};
const sent = (): (readonly string[])[] => calls.map(({ items }) => items);
const items = (count: number): string[] => Array.from({ length: count }, (_, n) => `item-${n}`);

/** Adds one batch after another; each is in flight before the next one is added. */
async function begin(...batches: readonly (readonly string[])[]): Promise<void> {
  for (const batch of batches) {
    for (const item of batch) void sender.add(item);
    await flush();
  }
  expect(sent()).toEqual(batches);
}

const unreachable = (): BackendError => new BackendError('unreachable', 'gone');
const refused = (): BackendError => new BackendError('configuration', 'no');

beforeEach(() => {
  clock = new TestClock(0);
  calls = [];
  sender = make();
});

describe('collecting', () => {
  beforeEach(() => {
    sender = make({ collectMs: () => 1_000 });
  });

  test('sends a full batch at once, and the rest when its first item has waited', async () => {
    for (const item of items(13)) void sender.add(item);
    await flush();
    expect(sent()).toEqual([items(13).slice(0, 10)]);
    await clock.advance(999);
    expect(calls).toHaveLength(1);
    await clock.advance(1);
    expect(sent()[1]).toEqual(items(13).slice(10));
    expect(clock.nextMs).toBeUndefined();
  });

  test('begins to wait again after each batch', async () => {
    void sender.add('a');
    await clock.advance(1_000);
    void sender.add('b');
    await clock.advance(999);
    expect(sent()).toEqual([['a']]);
    await clock.advance(1);
    expect(sent()).toEqual([['a'], ['b']]);
  });

  test('waits no longer when the time to wait passes while it is asked for', async () => {
    const left = [1];
    sender = make({ collectMs: () => left.shift() ?? 0 });
    void sender.add('a');
    await clock.advance(1);
    expect(sent()).toEqual([['a']]);
  });

  test('tries a failed item again without waiting for others', async () => {
    void sender.add('a');
    await clock.advance(1_000);
    await call(0).fail(unreachable());
    await clock.advance(500);
    expect(sent()).toEqual([['a'], ['a']]);
  });

  test('a drain sends what waits, and leaves no timer', async () => {
    void sender.add('a');
    await flush();
    const drained = sender.drain();
    await flush();
    expect(sent()).toEqual([['a']]);
    await call(0).answer();
    await drained;
    expect(clock.nextMs).toBeUndefined();
  });
});

describe('batches', () => {
  test('the first is sent at once, alone and without a timer', async () => {
    const taken = sender.add('a');
    await flush();
    expect(sent()).toEqual([['a']]);
    expect(clock.nextMs).toBeUndefined();
    await call(0).answer();
    expect(await taken).toBe(true);
  });

  test('items that are added in one tick are sent together', async () => {
    for (const item of ['a', 'b', 'c']) void sender.add(item);
    await flush();
    expect(sent()).toEqual([['a', 'b', 'c']]);
  });

  test('items that wait during calls are sent together', async () => {
    for (const item of 'abcdefg') {
      void sender.add(item);
      await flush();
    }
    expect(sent()).toEqual([['a'], ['b'], ['c', 'd']]);
    await call(0).answer();
    expect(sent()).toEqual([['a'], ['b'], ['c', 'd'], ['e', 'f', 'g']]);
  });

  test('a call that hangs holds up no later one', async () => {
    void sender.add('stuck');
    await flush();
    const taken = sender.add('free');
    await flush();
    await call(1).answer();
    expect(await taken).toBe(true);
  });

  test('holds at most 10 entries, and at most 8 batches are under way', async () => {
    const all = Array.from({ length: 95 }, (_, index) => sender.add(String(index)));
    await flush();
    expect(sent().map((items) => items.length)).toEqual([10, 10, 10, 10, 10, 10, 10, 10]);
    for (let index = 0; index < 10; index++) await call(index).answer();
    expect(
      sent()
        .slice(8)
        .map((items) => items.length),
    ).toEqual([10, 5]);
    expect(await Promise.all(all)).toEqual(new Array(95).fill(true));
    expect(new Set(sent().flat()).size).toBe(95);
  });

  test('holds at most so many bytes', async () => {
    for (const length of [400, 600, 1, 999, 1000]) void sender.add('x'.repeat(length));
    await flush();
    expect(sent().map((items) => items.map(({ length }) => length))).toEqual([
      [400, 600],
      [1, 999],
      [1000],
    ]);
  });

  test('full by bytes counts as full', async () => {
    for (const item of ['a', 'b']) {
      void sender.add(item);
      await flush();
    }
    void sender.add('x'.repeat(1000));
    await flush();
    expect(sent()).toHaveLength(3);
  });

  test('sent items no longer count as waiting', async () => {
    void sender.add('x'.repeat(999));
    await flush();
    void sender.add('x');
    await flush();
    expect(calls).toHaveLength(2);
    void sender.add('y');
    await flush();
    expect(calls).toHaveLength(2);
  });

  test('holds ten entries, however many items are in them', async () => {
    sender = make({ joinKey: (item) => item.slice(0, 2) });
    for (let n = 0; n < 40; n += 1) void sender.add(`${10 + (n % 10)} ${n}`);
    for (const item of ['20 a', '10 b']) void sender.add(item);
    await flush();
    expect(sent().map((items) => items.length)).toEqual([40, 2]);
  });

  test('wait for more company the more is under way', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7].map(worthSending)).toEqual([1, 1, 2, 4, 8, 10, 10, 10]);
  });
});

describe('failures', () => {
  test('only failed items are sent again, after a while', async () => {
    const outcomes = Promise.all(['a', 'b', 'c'].map((item) => sender.add(item)));
    await flush();
    await call(0).answer(['taken', 'failed', 'refused']);
    expect(calls).toHaveLength(1);
    await clock.advance(99);
    expect(calls).toHaveLength(1);
    await clock.advance(1);
    expect(sent()).toEqual([['a', 'b', 'c'], ['b']]);
    await call(1).answer();
    expect(await outcomes).toEqual([true, true, false]);
  });

  test('are given up after three tries', async () => {
    const taken = sender.add('a');
    await flush();
    await call(0).answer(['failed']);
    await clock.advance(100);
    await call(1).answer(['failed']);
    await clock.advance(200);
    await call(2).answer(['failed']);
    expect(await taken).toBe(false);
    expect(clock.nextMs).toBeUndefined();
    expect(calls).toHaveLength(3);
  });

  test('a call that failed for now is made again as it was', async () => {
    const outcomes = Promise.all(['a', 'b'].map((item) => sender.add(item)));
    await flush();
    await call(0).fail(unreachable());
    await clock.advance(100);
    expect(sent()[1]).toEqual(['a', 'b']);
    await call(1).answer();
    expect(await outcomes).toEqual([true, true]);
  });

  test('one refused entry does not take the others of its batch with it', async () => {
    const outcomes = Promise.all(['good', 'bad', 'fine'].map((item) => sender.add(item)));
    await flush();
    await call(0).fail(refused());
    await clock.advance(100);
    expect(sent().slice(1)).toEqual([['good'], ['bad']]);
    await call(1).answer();
    await call(2).fail(refused());
    expect(sent()[3]).toEqual(['fine']);
    await call(3).answer();
    expect(await outcomes).toEqual([true, false, true]);
  });

  test('an entry that is sent alone takes no new one with it', async () => {
    await begin(['bad', 'good'], ['x'], items(2), items(4));
    await call(0).fail(refused());
    await clock.advance(100);
    // With three calls in flight, another call needs four entries.
    void sender.add('new');
    await flush();
    expect(sent().slice(4)).toEqual([]);
    for (const index of [1, 2, 3, 4]) await call(index).answer();
    expect(sent().slice(4)).toEqual([['bad'], ['good'], ['new']]);
  });

  test('an entry that is sent alone does not join others either', async () => {
    await begin(['bad', 'good'], ['slow'], items(2), items(4), items(8));
    await call(0).fail(refused());
    await call(1).answer(['failed']);
    await clock.advance(100);
    expect(sent().slice(5)).toEqual([]);
    for (const index of [2, 3]) await call(index).answer();
    expect(sent().slice(5)).toEqual([['slow'], ['bad']]);
  });

  test('other batches go on meanwhile', async () => {
    void sender.add('a');
    await flush();
    await call(0).answer(['failed']);
    const taken = sender.add('b');
    await flush();
    await call(1).answer();
    expect(await taken).toBe(true);
    expect(sent()).toEqual([['a'], ['b']]);
  });

  test('of many batches that wait for another try cause no warning of node', async () => {
    const warnings: string[] = [];
    const note = ({ name }: Error): void => void warnings.push(name);
    process.on('warning', note);
    for (let n = 0; n < 12; n += 1) {
      void sender.add(`item-${n}`);
      await flush();
      await call(n).fail(unreachable());
    }
    await flush();
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });

  test('an answer without ids is a failure', async () => {
    void sender.add('a');
    await flush();
    await call(0).answer([]);
    await clock.advance(100);
    expect(sent()).toEqual([['a'], ['a']]);
  });
});

describe('bounds', () => {
  test('an item that does not fit the backlog is dropped at once, until there is room', async () => {
    sender = make({ backlogBytes: 10 });
    const first = sender.add('12345678');
    expect(await sender.add('123')).toBe(false);
    const second = sender.add('12');
    expect(await sender.add('1')).toBe(false);
    await flush();
    expect(sent()).toEqual([['12345678'], ['12']]);
    await call(0).answer();
    await call(1).answer();
    expect(await Promise.all([first, second])).toEqual([true, true]);
    void sender.add('12345678');
    await flush();
    expect(calls).toHaveLength(3);
  });

  test('an item that waits for another try is part of the backlog', async () => {
    sender = make({ backlogBytes: 10 });
    void sender.add('12345678');
    await flush();
    await call(0).answer(['failed']);
    expect(await sender.add('123')).toBe(false);
  });

  test('an item that is larger than a batch is dropped at once', async () => {
    sender = make({ batchBytes: 3 });
    expect(await sender.add('1234')).toBe(false);
    await flush();
    expect(calls).toHaveLength(0);
  });
});

describe('draining', () => {
  test('ends at once without items', async () => {
    await expect(sender.drain()).resolves.toBeUndefined();
  });

  test('sends waiting items, and waits for their answers', async () => {
    for (const item of 'abcde') {
      void sender.add(item);
      await flush();
    }
    let drained = false;
    const draining = sender.drain().then(() => {
      drained = true;
    });
    await call(0).answer();
    await call(1).answer();
    await flush();
    expect(drained).toBe(false);
    for (const { answer } of calls.slice(2)) await answer();
    await draining;
    expect(sent().flat()).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('drops items that wait for another try, and sends none again', async () => {
    const [first, second] = [sender.add('a'), sender.add('b')];
    await flush();
    await call(0).answer(['failed', 'taken']);
    const third = sender.add('c');
    await flush();
    const draining = sender.drain();
    await flush();
    await call(1).answer(['failed']);
    await draining;
    expect(await Promise.all([first, second, third])).toEqual([false, true, false]);
    expect(calls).toHaveLength(2);
    expect(clock.nextMs).toBeUndefined();
  });
});
