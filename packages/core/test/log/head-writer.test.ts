import { listedTasks } from '@a2a-aws/testkit';
import { flush, seededEntropy, TestClock } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import { HeadWriter } from '../../src/log/head-writer.ts';
import type { TaskLog } from '../../src/log/task-log.ts';
import { silentLogger } from '../../src/ports/logger.ts';
import { say, startRun } from '../fixtures/author.ts';
import { COMPLETED, chunkOf, KEY, statusOf, taskOf, WORKING } from '../fixtures/events.ts';
import { recordAt } from '../fixtures/records.ts';
import { taskLog } from '../fixtures/task-logs.ts';
import { gate, lost, WrappedStorage } from '../fixtures/wrapped-storage.ts';

let clock: TestClock;
let storage: WrappedStorage;
let log: TaskLog;
let head: HeadWriter;
let end: AbortController;

const headWriter = (): HeadWriter =>
  new HeadWriter(log, {
    storage,
    clock,
    entropy: seededEntropy('head'),
    logger: silentLogger,
    signal: end.signal,
  });

beforeEach(async () => {
  clock = new TestClock();
  storage = new WrappedStorage();
  end = new AbortController();
  log = taskLog(storage, clock);
  head = headWriter();
  await startRun(log, 'r');
});

const states = async (): Promise<number[]> =>
  (await listedTasks(storage, KEY)).map((task) => task.state);

describe('the head of a task', () => {
  test('is not written before the first Task event', async () => {
    await head.flush();
    expect(await states()).toEqual([]);
  });

  test('[I6] holds the last status after a flush', async () => {
    await say(log, 'r', taskOf(WORKING));
    await head.flush();
    expect(await states()).toEqual([WORKING]);
    await say(log, 'r', statusOf(COMPLETED));
    await head.flush();
    expect(await states()).toEqual([COMPLETED]);
  });

  test('is written only when the status changes', async () => {
    let writes = 0;
    storage.onHead = (call) => {
      writes += 1;
      return call();
    };
    await say(log, 'r', taskOf(WORKING));
    await head.flush();
    await say(log, 'r', chunkOf('1', 'x'));
    await head.flush();
    expect(writes).toBe(1);
  });

  test('[I6] is written again until a write succeeds', async () => {
    await say(log, 'r', taskOf(WORKING));
    storage.onHead = lost;
    let settled = false;
    void head.flush().then(() => {
      settled = true;
    });
    await clock.advance(10_000);
    expect(settled).toBe(false);
    storage.onHead = (call) => call();
    await clock.advance(2_000);
    expect(settled).toBe(true);
    expect(await states()).toEqual([WORKING]);
  });

  test('is given up only when the instance stops', async () => {
    await say(log, 'r', taskOf(WORKING));
    storage.onHead = lost;
    const settled = head.flush();
    await flush();
    end.abort();
    await expect(settled).rejects.toMatchObject({ code: 'draining' });
  });

  test('[I6] holds the newest status after every flush, also one just as a write ends', async () => {
    // Each number of microtasks after the write is its own moment.
    for (let moment = 0; moment < 12; moment += 1) {
      storage = new WrappedStorage();
      log = taskLog(storage, clock);
      head = headWriter();
      await log.refresh();
      await startRun(log, 'r');
      await say(log, 'r', taskOf(WORKING));
      const held = gate();
      storage.onHead = held.hook;
      void head.flush();
      await flush();
      held.open();
      for (let n = 0; n < moment; n += 1) await Promise.resolve();
      const ended = recordAt(log.state.next, [{ kind: 'event', event: statusOf(COMPLETED) }]);
      void storage.memory.putRecord(KEY, ended);
      expect(log.absorb(ended)).toBe(true);
      await head.flush();
      expect([moment, await states()]).toEqual([moment, [COMPLETED]]);
    }
  });
});
