import { flush, TestClock } from '@a2a-aws/testkit/fakes';
import { beforeEach, expect, test } from 'vitest';
import type { TaskEvent } from '../../src/a2a/event.ts';
import { Backlog } from '../../src/log/backlog.ts';
import { MemoryInstanceRegistry } from '../../src/memory/memory-instance-registry.ts';
import { proposeCancel } from '../../src/model/proposal.ts';
import { DEFAULT_RETENTION_MS } from '../../src/model/retention.ts';
import { silentLogger } from '../../src/ports/logger.ts';
import { OpenLog } from '../../src/reading/open-log.ts';
import { Run } from '../../src/runs/run.ts';
import { authorOf, startRun } from '../fixtures/author.ts';
import {
  AUTH_REQUIRED,
  CANCELED,
  COMPLETED,
  chunkOf,
  FAILED,
  INPUT_REQUIRED,
  KEY,
  message,
  statusOf,
  taskOf,
  WORKING,
} from '../fixtures/events.ts';
import { taskLog, taskLogDeps } from '../fixtures/task-logs.ts';
import { WrappedStorage } from '../fixtures/wrapped-storage.ts';

let clock: TestClock;
let storage: WrappedStorage;
let open: OpenLog;
let run: Run;
let end: AbortController;

beforeEach(async () => {
  clock = new TestClock();
  storage = new WrappedStorage();
  end = new AbortController();
  const deps = { ...taskLogDeps(storage, clock, 'a'), signal: end.signal };
  open = new OpenLog(KEY, {
    ...deps,
    registry: new MemoryInstanceRegistry(),
    delivers: false,
    notifier: { recordAppended: () => {}, watchChanged: () => {}, pushDue: () => {} },
    backlog: new Backlog(),
    diverged: () => {},
    retentionMs: DEFAULT_RETENTION_MS,
  });
  run = new Run('r', {
    attempt: 1,
    open,
    author: authorOf('a'),
    clock,
    logger: silentLogger,
    signal: end.signal,
    refused: () => {},
  });
  await startRun(open.log, 'r');
  storage.puts.length = 0;
});

/** Publishes the first events of a burst, and two that wait for others. */
async function begin(): Promise<void> {
  void run.publish(taskOf(WORKING));
  for (const id of ['0', '1', '2']) {
    await flush();
    void run.publish(chunkOf(id, 'x'));
  }
  await flush();
  expect(storage.puts.map(({ entries }) => entries.length)).toEqual([1, 1]);
  storage.puts.length = 0;
}

test('the first event of a run is written at once, and the next ones wait for one another', async () => {
  await begin();
  await clock.advance(40);
  expect(storage.puts.map(({ entries }) => entries.length)).toEqual([2]);
});

test('[I6] the first event of a second run is written at once, too', async () => {
  await begin();
  await startRun(open.log, 'r2');
  const second = new Run('r2', {
    attempt: 1,
    open,
    author: authorOf('a'),
    clock,
    logger: silentLogger,
    signal: end.signal,
    refused: () => {},
  });
  expect(await second.publish(statusOf(WORKING))).toBeDefined();
});

test.each<[string, TaskEvent]>([
  ['COMPLETED', statusOf(COMPLETED)],
  ['FAILED', statusOf(FAILED)],
  ['CANCELED', statusOf(CANCELED)],
  ['INPUT_REQUIRED', statusOf(INPUT_REQUIRED)],
  ['AUTH_REQUIRED', statusOf(AUTH_REQUIRED)],
  ['a Task that is COMPLETED', taskOf(COMPLETED)],
])('[I6] %s does not wait', async (_, event) => {
  await begin();
  expect(await run.publish(event)).toBeDefined();
  expect(storage.puts).toHaveLength(1);
});

test('[I6] an answer does not wait', async () => {
  await begin();
  expect(await run.answer(message('answer'))).toBe(true);
});

test('[I2] a flush waits for no timer, and resolves when all is durable', async () => {
  await begin();
  await run.flush();
  expect(storage.puts).toHaveLength(1);
  expect((await storage.records(KEY)).at(-1)?.entries).toHaveLength(2);
});

test('[I6] the end of a run waits for no timer', async () => {
  await begin();
  await run.end();
  expect(open.log.state.sealed).toBe(true);
});

test('[I6] a cancel from another instance writes what waits', async () => {
  await begin();
  const other = taskLog(storage, clock, 'b');
  await other.refresh();
  await other.append(proposeCancel(authorOf('b'), 'canceller'));
  storage.puts.length = 0;
  await open.log.refresh();
  await flush();
  expect(storage.puts).toHaveLength(1);
  expect(open.log.task()?.artifacts).toHaveLength(3);
});

test('[I5] an instance that stops rejects what waits, at once', async () => {
  await begin();
  const last = run.publish(chunkOf('3', 'x'));
  end.abort();
  expect(await last).toBeUndefined();
  expect(storage.puts).toEqual([]);
  expect(run.isWhole).toBe(false);
});
