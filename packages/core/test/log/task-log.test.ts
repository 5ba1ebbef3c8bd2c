import { beforeEach, describe, expect, test } from 'vitest';
import { BackendError } from '../../src/errors.ts';
import { Backlog } from '../../src/log/backlog.ts';
import type { Step } from '../../src/log/fold.ts';
import { proposeAnswer, proposeEnd } from '../../src/log/proposal.ts';
import { countEvents, encode, type LogRecord, MAX_ENTRY_BYTES } from '../../src/log/record.ts';
import { MAX_RECORD_BYTES, TaskLog } from '../../src/log/task-log.ts';
import { authorOf, say, startRun } from '../fixtures/author.ts';
import {
  COMPLETED,
  chunkOf,
  FAILED,
  KEY,
  message,
  statusOf,
  taskOf,
  WORKING,
} from '../fixtures/events.ts';
import { flush, ManualClock } from '../fixtures/manual-clock.ts';
import { recordAt, start } from '../fixtures/records.ts';
import { taskLog, taskLogDeps } from '../fixtures/task-logs.ts';
import {
  doneUnanswered,
  gate,
  lost,
  noAnswer,
  WrappedStorage,
} from '../fixtures/wrapped-storage.ts';

let clock: ManualClock;
let storage: WrappedStorage;
let log: TaskLog;

beforeEach(async () => {
  clock = new ManualClock();
  storage = new WrappedStorage();
  log = taskLog(storage, clock);
});

/** A log on which a run works. */
const running = async (): Promise<void> => {
  await startRun(log, 'r');
  await say(log, 'r', taskOf(WORKING));
  storage.puts.length = 0;
};

/** A handle of instance b whose tasks share this backlog. */
const limitedLog = (backlog: Backlog, taskId = KEY.taskId): TaskLog =>
  new TaskLog({ ...KEY, taskId }, { ...taskLogDeps(storage, clock, 'b'), backlog });

const texts = (record: LogRecord | undefined): string[] =>
  record?.entries.flatMap((entry) =>
    entry.kind === 'event' && entry.event.kind === 'artifactUpdate'
      ? (entry.event.data.artifact?.artifactId ?? [])
      : [],
  ) ?? [];

describe('group commit', () => {
  beforeEach(running);

  test('[I1] sends the first at once, and together what came meanwhile', async () => {
    const all = ['1', '2', '3', '4'].map((id) => say(log, 'r', chunkOf(id, 'x')));
    expect(storage.puts).toHaveLength(1);
    await Promise.all(all);
    expect(storage.puts.map(texts)).toEqual([['1'], ['2', '3', '4']]);
    expect(log.state.next).toEqual({ generation: 6, sub: 0 });
  });

  test('[I2] resolves when the record is durable, not before', async () => {
    const held = gate();
    storage.script.push(held.hook);
    let resolved = false;
    const said = say(log, 'r', chunkOf('1', 'x')).then(() => {
      resolved = true;
    });
    await flush();
    expect(resolved).toBe(false);
    held.open();
    await said;
    expect((await storage.loaded(KEY)).records.at(-1)).toEqual(storage.puts[0]);
  });

  test('keeps records below what a doorbell carries', async () => {
    const text = 'x'.repeat(MAX_RECORD_BYTES / 4);
    await Promise.all(
      Array.from({ length: 13 }, (_, n) => say(log, 'r', chunkOf(String(n), text))),
    );
    for (const record of storage.puts) {
      expect(Buffer.byteLength(record.body)).toBeLessThanOrEqual(MAX_RECORD_BYTES);
    }
    expect(storage.puts.flatMap(texts)).toEqual(Array.from({ length: 13 }, (_, n) => String(n)));
    // Small ones would otherwise go one by one.
    expect(storage.puts.length).toBeLessThanOrEqual(6);
  });

  test('sends an entry that is larger than a record alone', async () => {
    const large = 'x'.repeat(MAX_RECORD_BYTES * 2);
    await Promise.all([
      say(log, 'r', chunkOf('0', 'x')),
      say(log, 'r', chunkOf('1', 'x')),
      say(log, 'r', chunkOf('2', large)),
      say(log, 'r', chunkOf('3', 'x')),
    ]);
    expect(storage.puts.map(texts)).toEqual([['0'], ['1'], ['2'], ['3']]);
  });

  test('[I4] stops at the first terminal event; the rest is refused', async () => {
    const first = say(log, 'r', chunkOf('0', 'x'));
    const rest = await Promise.all([
      say(log, 'r', chunkOf('1', 'x')),
      say(log, 'r', statusOf(COMPLETED)),
      say(log, 'r', chunkOf('2', 'x')),
      say(log, 'r', statusOf(FAILED)),
    ]);
    await first;
    expect(rest).toMatchObject([
      { appended: expect.anything() },
      { appended: expect.anything() },
      { refused: 'sealed' },
      { refused: 'sealed' },
    ]);
    expect(storage.puts).toHaveLength(2);
    expect(log.task()?.status?.state).toBe(COMPLETED);
  });

  test('refuses only what a confirmed log refuses', async () => {
    // The end is proposed but not yet durable: another's record may still come first.
    const held = gate();
    storage.script.push(held.hook);
    const ended = log.append(proposeEnd(authorOf('a'), 'r'));
    let outcome: unknown;
    void say(log, 'r', chunkOf('1', 'x')).then((got) => {
      outcome = got;
    });
    await flush();
    expect(outcome).toBeUndefined();
    held.open();
    await ended;
    await flush();
    expect(outcome).toEqual({ refused: 'sealed' });
  });
});

describe('without an answer', () => {
  beforeEach(running);

  test('[I1] repeats the same bytes, and the entry is in the log once', async () => {
    storage.script.push(doneUnanswered, lost, lost);
    const said = say(log, 'r', chunkOf('1', 'x'));
    await clock.advance(10_000);
    expect(await said).toHaveProperty('appended');
    expect(storage.puts.length).toBeGreaterThanOrEqual(3);
    expect(new Set(storage.puts)).toEqual(new Set([storage.puts[0]]));
    expect((await storage.loaded(KEY)).records.flatMap((r) => texts(r))).toEqual(['1']);
  });

  test('[I1] builds no other record meanwhile, however much queues up', async () => {
    storage.script.push(lost, lost, doneUnanswered);
    const all = ['1', '2', '3'].map((id) => say(log, 'r', chunkOf(id, 'x')));
    await clock.advance(10_000);
    await Promise.all(all);
    expect(storage.puts.map(texts)).toEqual([['1'], ['1'], ['1'], ['1'], ['2', '3']]);
  });

  test('[I1] goes on behind the record of another who was first', async () => {
    storage.script.push(lost);
    const said = say(log, 'r', chunkOf('1', 'x'));
    await flush();
    const { slot } = storage.puts[0] ?? { slot: log.state.next };
    await storage.memory.putRecord(KEY, recordAt(slot, [start('other', { instance: 'b' })], 'b'));
    await clock.advance(10_000);
    expect(await said).toHaveProperty('appended');
    const records = (await storage.loaded(KEY)).records;
    expect(records.map((r) => r.instance)).toEqual(['a', 'a', 'b', 'a']);
    expect(records.at(-1)?.slot).toEqual({ generation: 2, sub: 1 });
    expect(records.flatMap(texts)).toEqual(['1']);
  });

  test('[I4] is refused if another has sealed the log meanwhile', async () => {
    storage.script.push(lost);
    const said = say(log, 'r', statusOf(FAILED));
    await flush();
    await storage.memory.putRecord(
      KEY,
      recordAt(log.state.next, [{ kind: 'event', event: statusOf(COMPLETED) }], 'b'),
    );
    await clock.advance(10_000);
    expect(await said).toEqual({ refused: 'sealed' });
    expect(log.task()?.status?.state).toBe(COMPLETED);
  });

  test('[I1] learns of its own record from a read that was faster', async () => {
    const steps: [string, boolean][] = [];
    log.listen((step, own) => steps.push([step.record.id, own]));
    storage.script.push(doneUnanswered);
    const said = say(log, 'r', chunkOf('1', 'x'));
    await log.refresh();
    expect(steps).toEqual([[storage.puts[0]?.id, true]]);
    await clock.advance(10_000);
    expect(await said).toHaveProperty('appended');
    expect(steps).toHaveLength(1);
  });
});

describe('listeners', () => {
  test('[I2] hear of an own record only once it is durable', async () => {
    const steps: Step[] = [];
    log.listen((step) => steps.push(step));
    const held = gate();
    storage.script.push(held.hook);
    const started = startRun(log, 'r');
    await flush();
    expect(steps).toEqual([]);
    held.open();
    await started;
    const { records } = await storage.loaded(KEY);
    expect(steps.map((step) => step.record)).toEqual(records);
  });

  test('[I1] hear of all records in slot order, own ones marked, each once', async () => {
    const heard: [string, boolean][] = [];
    log.listen((step, own) => heard.push([step.record.id, own]));
    const other = taskLog(storage, clock, 'b');
    await startRun(log, 'r');
    await startRun(other, 's', 'b');
    await say(log, 'r', taskOf(WORKING));
    await say(other, 's', chunkOf('1', 'x'), 'b');
    await log.refresh();
    const records = (await storage.loaded(KEY)).records;
    expect(heard).toEqual(records.map((r) => [r.id, r.instance === 'a']));
  });

  test('are called no more after they left', async () => {
    let calls = 0;
    const leave = log.listen(() => {
      calls += 1;
    });
    await startRun(log, 'r');
    leave();
    await say(log, 'r', taskOf(WORKING));
    expect(calls).toBe(1);
  });

  test('of entries find the fold exactly as it is up to there', async () => {
    await running();
    await flush();
    const seen: [number, number | undefined][] = [];
    log.listenEntries(() => seen.push([log.generation, log.task()?.artifacts.length]));
    await Promise.all(['1', '2', '3'].map((id) => say(log, 'r', chunkOf(id, 'x'))));
    // After each entry, and after each of the two records.
    expect(seen).toEqual([
      [2, 1],
      [2, 1],
      [3, 2],
      [4, 3],
      [4, 3],
    ]);
  });
});

describe('absorb', () => {
  test('[I3] takes the next record, ignores an older one, and tells of a hole', async () => {
    await running();
    const other = taskLog(storage, clock, 'b');
    const reader = taskLog(storage, clock, 'c');
    await startRun(other, 's', 'b');
    const [first, second, third] = (await storage.loaded(KEY)).records;
    if (!first || !second || !third) throw new Error('three records');
    expect(reader.absorb(second)).toBe(false);
    expect(reader.state.next).toEqual(first.slot);
    expect(reader.absorb(first)).toBe(true);
    expect(reader.absorb(first)).toBe(true);
    expect(reader.absorb(third)).toBe(false);
    expect(reader.absorb(second)).toBe(true);
    expect(reader.absorb(third)).toBe(true);
    await log.refresh();
    expect(reader.state).toEqual(log.state);
  });
});

describe('refresh', () => {
  test('[I3] brings what was durable when it was called, a read under way notwithstanding', async () => {
    await running();
    const reader = taskLog(storage, clock, 'b');
    // The first read takes its answer now, and hands it over later.
    const held = gate();
    storage.onRead = async (call) => {
      const answer = await call();
      await held.hook(async () => {});
      return answer;
    };
    const first = reader.refresh();
    await flush();
    await say(log, 'r', chunkOf('late', 'x'));
    const [second, third] = [reader.refresh(), reader.refresh()];
    held.open();
    await first;
    expect(reader.generation).toBe(1);
    await Promise.all([second, third]);
    expect(reader.state.next).toEqual(log.state.next);
    // The two that came later share one read.
    expect(storage.reads).toBe(2);
  });

  test('fails with what the storage says, and works again', async () => {
    await running();
    const reader = taskLog(storage, clock, 'b');
    storage.onRead = lost;
    const [first, second] = [reader.refresh(), reader.refresh()];
    await expect(first).rejects.toMatchObject({ code: 'unreachable' });
    await expect(second).rejects.toMatchObject({ code: 'unreachable' });
    storage.onRead = (call) => call();
    await reader.refresh();
    expect(reader.state.next).toEqual(log.state.next);
  });

  test('fails with a code if records are missing', async () => {
    await storage.memory.putRecord(KEY, recordAt({ generation: 1, sub: 0 }, [start('r')]));
    await storage.memory.putRecord(KEY, recordAt({ generation: 1, sub: 2 }, [start('s')]));
    await expect(log.refresh()).rejects.toMatchObject({ code: 'corrupt-log' });
  });
});

describe('a handle that was away for long', () => {
  beforeEach(running);

  test('[I5] reads before it appends: the slot of a fence may be empty again', async () => {
    const reads = storage.reads;
    await clock.advance(59 * 60_000);
    await say(log, 'r', chunkOf('1', 'x'));
    expect(storage.reads).toBe(reads);
    await clock.advance(61 * 60_000);
    storage.puts.length = 0;
    let readsAtPut = 0;
    storage.onPut = (call) => {
      readsAtPut = storage.reads;
      return call();
    };
    await say(log, 'r', chunkOf('2', 'x'));
    expect(readsAtPut).toBe(reads + 1);
  });

  test('tries to read until it can, and appends then', async () => {
    await clock.advance(61 * 60_000);
    let failures = 0;
    storage.onRead = (call) => {
      failures += 1;
      return failures < 3 ? Promise.reject(noAnswer()) : call();
    };
    const said = say(log, 'r', chunkOf('1', 'x'));
    await clock.advance(5_000);
    await said;
    expect(failures).toBe(3);
    expect(texts(storage.puts.at(-1))).toEqual(['1']);
  });
});

describe('append rejects', () => {
  beforeEach(running);

  test('what is larger than an item, at once, and writes nothing', async () => {
    await expect(say(log, 'r', chunkOf('1', 'x'.repeat(MAX_ENTRY_BYTES)))).rejects.toMatchObject({
      code: 'event-too-large',
    });
    expect(storage.puts).toEqual([]);
    expect(log.backlog).toBe(0);
  });

  test('[I8] what is more than may wait, and takes more once that is written', async () => {
    const limited = limitedLog(new Backlog(400_000));
    await startRun(limited, 's', 'b');
    storage.onPut = lost;
    const waiting: Promise<unknown>[] = [];
    const text = 'x'.repeat(20_000);
    while (limited.takes(20_500)) waiting.push(say(limited, 's', chunkOf('1', text), 'b'));
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

  test('[I8] what is more than may wait in all tasks together, none of which has all of it', async () => {
    const backlog = new Backlog(400_000);
    const [one, two] = [limitedLog(backlog), limitedLog(backlog, 'task-2')];
    await startRun(one, 's', 'b');
    await startRun(two, 's', 'b');
    storage.onPut = lost;
    const event = encode({ kind: 'event', run: 's', event: chunkOf('1', 'x'.repeat(20_000)) });
    const fill = (log: TaskLog): void => {
      while (log.takes(event.bytes)) void log.append(() => ({ entries: [event] }), event.bytes);
    };
    fill(one);
    expect(backlog.fullness).toBeGreaterThan(0.4);
    expect(backlog.fullness).toBeLessThanOrEqual(0.5);
    fill(two);
    expect(backlog.bytes).toBe(one.backlog + two.backlog);
    expect(two.backlog).toBeGreaterThan(170_000);
    const third = limitedLog(backlog);
    expect(third.takes(20_000)).toBe(false);
    storage.onPut = (call) => call();
    await clock.advance(10_000);
    expect(backlog.bytes).toBe(0);
    expect(third.takes(20_000)).toBe(true);
  });

  test('[I6] nothing that ends a run, however much is waiting', async () => {
    const limited = limitedLog(new Backlog(10_000));
    await startRun(limited, 's', 'b');
    storage.onPut = lost;
    while (limited.takes(500)) void say(limited, 's', chunkOf('1', 'x'.repeat(100)), 'b');
    const ended = limited.append(proposeEnd(authorOf('b'), 's'));
    storage.onPut = (call) => call();
    await clock.advance(10_000);
    expect(await ended).toHaveProperty('appended');
  });

  test('what an instance that stops could not write', async () => {
    const stop = new AbortController();
    const stopping = taskLog(storage, clock, 'b', stop.signal);
    await stopping.refresh();
    storage.onPut = lost;
    const said = [startRun(stopping, 's', 'b'), startRun(stopping, 't', 'b')];
    await flush();
    stop.abort();
    // With what the last try met, where there was one.
    for (const one of said) await expect(one).rejects.toMatchObject({ code: 'unreachable' });
    await expect(startRun(stopping, 'u', 'b')).rejects.toMatchObject({ code: 'draining' });
    expect(clock.pending).toBe(0);
  });

  test('[I6] only what the table refuses: who waits behind it is written', async () => {
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

test('[I1] an event of a log without a Task is preceded by one, in the same record', async () => {
  await startRun(log, 'r');
  await say(log, 'r', chunkOf('1', 'x'));
  const record = storage.puts.at(-1);
  expect(countEvents(record?.entries ?? [])).toBe(2);
  expect(log.task()).toMatchObject({ id: KEY.taskId, artifacts: [{ artifactId: '1' }] });
  expect(log.task()?.history.map((m) => m.messageId)).toEqual(['to-r']);
});
