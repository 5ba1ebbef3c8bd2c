import { flush, TestClock } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import { BackendError } from '../../src/errors.ts';
import { Backlog } from '../../src/log/backlog.ts';
import { TaskLog } from '../../src/log/task-log.ts';
import { proposeAnswer, proposeEnd } from '../../src/model/proposal.ts';
import { encode, MAX_ENTRY_BYTES } from '../../src/model/record.ts';
import { authorOf, say, startRun } from '../fixtures/author.ts';
import { chunkOf, KEY, message } from '../fixtures/events.ts';
import { taskLog, taskLogDeps, workingLog } from '../fixtures/task-logs.ts';
import { gate, lost, WrappedStorage } from '../fixtures/wrapped-storage.ts';

let clock: TestClock;
let storage: WrappedStorage;
let log: TaskLog;

beforeEach(async () => {
  clock = new TestClock();
  storage = new WrappedStorage();
  log = await workingLog(storage, clock);
});

/** A handle of instance b whose tasks share this backlog. */
const limitedLog = (backlog: Backlog, taskId = KEY.taskId): TaskLog =>
  new TaskLog({ ...KEY, taskId }, { ...taskLogDeps(storage, clock, 'b'), backlog });

describe('append rejects', () => {
  test('entries larger than an item, at once, without a write', async () => {
    await expect(say(log, 'r', chunkOf('1', 'x'.repeat(MAX_ENTRY_BYTES)))).rejects.toMatchObject({
      code: 'event-too-large',
    });
    expect(storage.puts).toEqual([]);
    expect(log.backlog).toBe(0);
  });

  test('[I8] entries above the backlog limit, until the waiting ones are written', async () => {
    const limited = limitedLog(new Backlog(400_000));
    await startRun(limited, 's', 'b');
    storage.onPut = lost;
    const waiting: Promise<unknown>[] = [];
    const text = 'x'.repeat(20_000);
    while (limited.hasRoomFor(20_500)) waiting.push(say(limited, 's', chunkOf('1', text), 'b'));
    expect(waiting.length).toBeGreaterThan(5);
    await expect(say(limited, 's', chunkOf('2', text), 'b')).rejects.toMatchObject({
      code: 'backlog-full',
    });
    expect(limited.backlog).toBeLessThanOrEqual(200_000);
    storage.onPut = (call) => call();
    await clock.advance(10_000);
    await Promise.all(waiting);
    expect(limited.backlog).toBe(0);
    expect(await say(limited, 's', chunkOf('3', 'x'), 'b')).toHaveProperty('appended');
  });

  test('[I8] entries above the limit of all tasks together, of which each has its own', async () => {
    const backlog = new Backlog(400_000);
    const [one, two] = [limitedLog(backlog), limitedLog(backlog, 'task-2')];
    await startRun(one, 's', 'b');
    await startRun(two, 's', 'b');
    storage.onPut = lost;
    const event = encode({ kind: 'event', run: 's', event: chunkOf('1', 'x'.repeat(20_000)) });
    const fill = (log: TaskLog): void => {
      while (log.hasRoomFor(event.bytes))
        void log.append(() => ({ entries: [event] }), event.bytes);
    };
    fill(one);
    expect(backlog.fullness).toBeGreaterThan(0.4);
    expect(backlog.fullness).toBeLessThanOrEqual(0.5);
    fill(two);
    expect(backlog.bytes).toBe(one.backlog + two.backlog);
    expect(two.backlog).toBeGreaterThan(170_000);
    const third = limitedLog(backlog);
    expect(third.hasRoomFor(20_000)).toBe(false);
    storage.onPut = (call) => call();
    await clock.advance(10_000);
    expect(backlog.bytes).toBe(0);
    expect(third.hasRoomFor(20_000)).toBe(true);
  });

  test('[I6] no entry that ends a run, however much is waiting', async () => {
    const limited = limitedLog(new Backlog(10_000));
    await startRun(limited, 's', 'b');
    storage.onPut = lost;
    while (limited.hasRoomFor(500)) void say(limited, 's', chunkOf('1', 'x'.repeat(100)), 'b');
    const ended = limited.append(proposeEnd(authorOf('b'), 's'));
    storage.onPut = (call) => call();
    await clock.advance(10_000);
    expect(await ended).toHaveProperty('appended');
  });

  test('entries that a stopping instance could not write', async () => {
    const stop = new AbortController();
    const stopping = taskLog(storage, clock, 'b', stop.signal);
    await stopping.refresh();
    storage.onPut = lost;
    const said = [startRun(stopping, 's', 'b'), startRun(stopping, 't', 'b')];
    await flush();
    stop.abort();
    // With the error of the last try, if there was one.
    for (const one of said) await expect(one).rejects.toMatchObject({ code: 'unreachable' });
    await expect(startRun(stopping, 'u', 'b')).rejects.toMatchObject({ code: 'draining' });
    expect(clock.pending).toBe(0);
  });

  test('[I6] only the entries that the table refuses: those behind them are written', async () => {
    const held = gate();
    storage.script.push(held.hook, () =>
      Promise.reject(new BackendError('event-too-large', 'The item is too large.')),
    );
    const first = say(log, 'r', chunkOf('1', 'x'));
    const text = 'x'.repeat(450_000);
    const answer = encode({ kind: 'answer', run: 'r', message: message('answer', text) });
    const refused = log.append(proposeAnswer(authorOf('a'), 'r', answer));
    const behind = startRun(log, 's');
    held.open();
    expect(await first).toHaveProperty('appended');
    await expect(refused).rejects.toMatchObject({ code: 'event-too-large' });
    await expect(behind).resolves.toHaveProperty('appended');
  });
});
