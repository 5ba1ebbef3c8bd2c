import { flush, TestClock } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import { BackendError } from '../../src/errors.ts';
import type { TaskLog } from '../../src/log/task-log.ts';
import type { LogState } from '../../src/model/state.ts';
import { startOf } from '../fixtures/author.ts';
import { taskLog } from '../fixtures/task-logs.ts';
import { WrappedStorage } from '../fixtures/wrapped-storage.ts';

let clock: TestClock;
let storage: WrappedStorage;
let log: TaskLog;
let end: AbortController;

beforeEach(() => {
  clock = new TestClock();
  storage = new WrappedStorage();
  log = taskLog(storage, clock, 'a');
  end = new AbortController();
});

const runs = ({ open }: LogState): number | undefined => open.size || undefined;

describe('a wait on a log', () => {
  test('ends at once if the log already holds the entry', async () => {
    await log.append(startOf('run-a', 'a'));
    expect(await log.until(runs, { signal: end.signal })).toBe(1);
  });

  test('ends with the first entry that it waits for', async () => {
    const waited = log.until(runs, { signal: end.signal });
    await log.append(startOf('run-a', 'a'));
    await log.append(startOf('run-b', 'a'));
    expect(await waited).toBe(1);
  });

  test('ends without a result when its signal aborts, or has aborted before', async () => {
    const waited = log.until(runs, { signal: end.signal });
    end.abort();
    expect(await waited).toBeUndefined();
    expect(await log.until(runs, { signal: end.signal })).toBeUndefined();
  });

  test('ends without a result after its time', async () => {
    const waited = log.until(runs, { signal: end.signal, timeoutMs: 1_000 });
    let isOver = false;
    void waited.then(() => {
      isOver = true;
    });
    await clock.advance(999);
    expect(isOver).toBe(false);
    await clock.advance(1);
    expect(await waited).toBeUndefined();
  });

  test('rejects if the log turns out to be unreadable', async () => {
    const waited = log.until(runs, { signal: end.signal });
    const corrupt = new BackendError('corrupt-log', 'An item of an unknown version.');
    storage.load = () => Promise.reject(corrupt);
    await expect(log.refresh()).rejects.toBe(corrupt);
    await expect(waited).rejects.toBe(corrupt);
  });

  test('leaves no timer behind', async () => {
    const waited = log.until(runs, { signal: end.signal, timeoutMs: 1_000 });
    await log.append(startOf('run-a', 'a'));
    await waited;
    await flush();
    expect(clock.pending).toBe(0);
  });
});
