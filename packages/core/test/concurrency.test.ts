import { flush, Gate } from '@a2a-aws/testkit/fakes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KeyedSerialQueue, mapConcurrent, Semaphore, SerialQueue } from '../src/concurrency.ts';

const items = Array.from({ length: 20 }, (_, n) => n);

/** A job that takes a number of turns of the event loop's microtasks, and fails if asked. */
const jobs = fc.array(fc.record({ turns: fc.nat(6), fails: fc.boolean(), key: fc.nat(2) }));

/** Counts the jobs that run at once. */
class Meter {
  now = 0;
  most = 0;
  readonly started: number[] = [];

  async job(id: number, turns: number, fails = false): Promise<number> {
    this.started.push(id);
    this.now += 1;
    this.most = Math.max(this.most, this.now);
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    this.now -= 1;
    if (fails) throw new Error(`job ${id}`);
    return id;
  }
}

/** Returns the result of a job with this id. */
const settledAs = (id: number, fails: boolean): object =>
  fails
    ? { status: 'rejected', reason: new Error(`job ${id}`) }
    : { status: 'fulfilled', value: id };

describe('mapConcurrent', () => {
  test('returns results in the order of the items, and limits the concurrent jobs', async () => {
    const meter = new Meter();
    const results = await mapConcurrent(items, 3, (n) => meter.job(n, 20 - n));
    expect(results).toEqual(items);
    expect(meter.most).toBe(3);
  });

  test('fails as one of them fails', async () => {
    const work = async (n: number): Promise<number> => {
      if (n === 7) throw new Error('seven');
      return n;
    };
    await expect(mapConcurrent(items, 4, work)).rejects.toThrow('seven');
    expect(await mapConcurrent([], 4, work)).toEqual([]);
  });
});

describe('Semaphore', () => {
  test('runs jobs in order of arrival, as many at once as it has places', async () => {
    await fc.assert(
      fc.asyncProperty(jobs, fc.integer({ min: 1, max: 4 }), async (given, places) => {
        const semaphore = new Semaphore(places);
        const meter = new Meter();
        const results = await Promise.allSettled(
          given.map(({ turns, fails }, id) => semaphore.run(() => meter.job(id, turns, fails))),
        );
        expect(results).toEqual(given.map(({ fails }, id) => settledAs(id, fails)));
        expect(meter.started).toEqual(given.map((_, id) => id));
        expect(meter.most).toBeLessThanOrEqual(places);
      }),
    );
  });

  test('fills all places', async () => {
    const semaphore = new Semaphore(3);
    const meter = new Meter();
    await Promise.all(items.map((id) => semaphore.run(() => meter.job(id, 9))));
    expect(meter.most).toBe(3);
  });

  test('holds a place until it is released', async () => {
    const semaphore = new Semaphore(1);
    const release = await semaphore.acquire();
    let isRunning = false;
    const job = semaphore.run(async () => {
      isRunning = true;
    });
    await flush();
    expect(isRunning).toBe(false);
    release();
    await job;
    expect(isRunning).toBe(true);
  });
});

describe('SerialQueue', () => {
  test('runs jobs one after another, also after one that failed', async () => {
    await fc.assert(
      fc.asyncProperty(jobs, async (given) => {
        const queue = new SerialQueue();
        const meter = new Meter();
        const runs = given.map(({ turns, fails }, id) =>
          queue.run(() => meter.job(id, turns, fails)),
        );
        const results = Promise.allSettled(runs);
        await queue.idle();
        expect(queue.isIdle).toBe(true);
        expect(await results).toEqual(given.map(({ fails }, id) => settledAs(id, fails)));
        expect(meter.started).toEqual(given.map((_, id) => id));
        expect(meter.most).toBe(Math.min(1, given.length));
      }),
    );
  });

  test('starts no job before the call has returned', async () => {
    const queue = new SerialQueue();
    const meter = new Meter();
    const job = queue.run(() => meter.job(1, 0));
    expect(meter.started).toEqual([]);
    expect(queue.isIdle).toBe(false);
    expect(await job).toBe(1);
  });

  test('lets a caller continue before the next job starts', async () => {
    const queue = new SerialQueue();
    const seen: string[] = [];
    const first = queue
      .run(() => Promise.reject(new Error('first')))
      .catch(() => seen.push('told'));
    const second = queue.run(async () => seen.push('second'));
    await Promise.all([first, second]);
    expect(seen).toEqual(['told', 'second']);
  });
});

describe('KeyedSerialQueue', () => {
  test('[I7] runs the jobs of a key one after another, and keeps no key without jobs', async () => {
    await fc.assert(
      fc.asyncProperty(jobs, async (given) => {
        const queue = new KeyedSerialQueue();
        const meters = [new Meter(), new Meter(), new Meter()];
        const runs = given.map(({ turns, fails, key }, id) =>
          queue.run(`${key}`, () => (meters[key] as Meter).job(id, turns, fails)),
        );
        const results = Promise.allSettled(runs);
        expect(queue.size).toBe(new Set(given.map(({ key }) => key)).size);
        await queue.idle();
        expect(queue.size).toBe(0);
        expect(await results).toEqual(given.map(({ fails }, id) => settledAs(id, fails)));
        for (const [key, { started, most }] of meters.entries()) {
          const ids = given.flatMap((job, id) => (job.key === key ? [id] : []));
          expect(started).toEqual(ids);
          expect(most).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  test('[I8] lets no key wait for another', async () => {
    const queue = new KeyedSerialQueue();
    const gate = new Gate();
    const slow = queue.run('slow', () => gate.opened);
    expect(await queue.run('quick', async () => 'done')).toBe('done');
    expect(queue.size).toBe(1);
    gate.open();
    await slow;
  });
});
