import { flush, seededEntropy, TestClock } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import { Backlog } from '../../src/log/backlog.ts';
import { MemoryInstanceRegistry } from '../../src/memory/memory-instance-registry.ts';
import { proposeFence } from '../../src/model/proposal.ts';
import { DEFAULT_RETENTION_MS } from '../../src/model/retention.ts';
import { silentLogger } from '../../src/ports/logger.ts';
import { OpenLog } from '../../src/reading/open-log.ts';
import { authorOf, say, startRun } from '../fixtures/author.ts';
import { COMPLETED, chunkOf, KEY, statusOf, taskOf, WORKING } from '../fixtures/events.ts';
import { taskLog } from '../fixtures/task-logs.ts';
import { noAnswer, WrappedStorage } from '../fixtures/wrapped-storage.ts';

let clock: TestClock;
let storage: WrappedStorage;
let registry: MemoryInstanceRegistry;
/** The doorbells of instance a: its targets, and what they are about. */
let sent: { readonly targets: readonly string[]; readonly about: string }[];
let open: OpenLog;

beforeEach(() => {
  clock = new TestClock();
  storage = new WrappedStorage();
  registry = new MemoryInstanceRegistry();
  sent = [];
  open = new OpenLog(KEY, {
    storage,
    registry,
    instance: 'a',
    delivers: true,
    notifier: {
      pushDue: () => {},
      recordAppended: (_key, _applied, targets) => sent.push({ targets, about: 'record' }),
      watchChanged: (_row, on, _next, targets) => sent.push({ targets, about: `watch ${on}` }),
    },
    backlog: new Backlog(),
    diverged: () => {},
    retentionMs: DEFAULT_RETENTION_MS,
    clock,
    entropy: seededEntropy('a'),
    logger: silentLogger,
    signal: new AbortController().signal,
  });
});

describe('following', () => {
  test('[I3] writes the watch before it reads the log', async () => {
    const order: string[] = [];
    const putWatch = registry.putWatch.bind(registry);
    registry.putWatch = async (row) => {
      order.push('watch');
      await putWatch(row);
    };
    storage.onRead = (call) => {
      order.push('read');
      return call();
    };
    await open.follow();
    expect(order).toEqual(['watch', 'read']);
    expect(open.attended).toBe(true);
  });

  test('[I7] removes the watch at its end, which may come twice', async () => {
    const [first, second] = [await open.follow(), await open.follow()];
    first();
    first();
    await flush();
    expect(await registry.watchers(KEY)).toHaveLength(1);
    second();
    await flush();
    expect(await registry.watchers(KEY)).toEqual([]);
    expect(open.attended).toBe(false);
  });

  test('[I7] leaves no watch if the log cannot be read', async () => {
    storage.onRead = () => Promise.reject(noAnswer());
    await expect(open.follow()).rejects.toMatchObject({ code: 'unreachable' });
    await flush();
    expect(await registry.watchers(KEY)).toEqual([]);
  });

  test('[I6] tells the instances of open runs, at its beginning and at its end', async () => {
    const other = taskLog(storage, clock, 'b');
    await startRun(other, 'r', 'b');
    const end = await open.follow();
    expect(sent).toEqual([{ targets: ['b'], about: 'watch true' }]);
    end();
    await flush();
    expect(sent.at(-1)).toEqual({ targets: ['b'], about: 'watch false' });
  });
});

describe('following a log that is followed', () => {
  let reads: number;

  beforeEach(() => {
    reads = 0;
    storage.onRead = (call) => {
      reads += 1;
      return call();
    };
  });

  test('[I3] reads the log, unless it was read under the same watch', async () => {
    await open.follow();
    await open.follow();
    expect(reads).toBe(2);
    await open.follow(open.watchId);
    expect(reads).toBe(2);
  });

  test('[I3] reads the log again if the watch was given up since', async () => {
    const unfollow = await open.follow();
    const { watchId } = open;
    await open.log.refresh();
    unfollow();
    await flush();
    expect(watchId).toEqual(expect.any(String));
    await open.follow(watchId);
    expect(reads).toBe(3);
  });

  test('[I6] tells the instances of open runs again only after a moment, or under another watch', async () => {
    const other = taskLog(storage, clock, 'b');
    await startRun(other, 'r', 'b');
    const announced = (): number => sent.filter(({ about }) => about === 'watch true').length;
    const unfollow = await open.follow();
    for (const times of [1, 1, 2]) {
      const again = await open.follow();
      again();
      expect(announced()).toBe(times);
      await clock.advance(600);
    }
    unfollow();
    await flush();
    await open.follow();
    expect(announced()).toBe(3);
  });
});

describe('an own record', () => {
  const append = async (id: string): Promise<readonly string[] | undefined> => {
    sent.length = 0;
    await say(open.log, 'r', chunkOf(id, id));
    return sent[0]?.targets.toSorted();
  };

  beforeEach(async () => {
    await registry.putWatch({ instance: 'b', watch: 'w-b', key: KEY });
    await registry.putWatch({ instance: 'a', watch: 'w-a', key: KEY });
    await open.log.refresh();
    await startRun(open.log, 'r');
    await open.readWatchers();
    await say(open.log, 'r', taskOf(WORKING));
  });

  test('is announced once to each other instance that watches or runs the task', async () => {
    await startRun(open.log, 'r-c', 'c');
    open.setWatcher('w-b2', 'b', true);
    expect(await append('one')).toEqual(['b', 'c']);
    open.setWatcher('w-d', 'd', true);
    expect(await append('two')).toEqual(['b', 'c', 'd']);
  });

  test('is not announced to former watchers and to instances that are gone', async () => {
    open.setWatcher('w-d', 'd', true);
    open.setWatcher('w-d', 'd', false);
    expect(await append('one')).toEqual(['b']);
    open.forget('b');
    expect(await append('two')).toBeUndefined();
  });

  test('[I6] writes the head if it sets a status', async () => {
    await say(open.log, 'r', statusOf(COMPLETED));
    await open.head.flush();
    expect((await storage.load(KEY)).head).toMatchObject({ state: COMPLETED });
  });
});

describe('counters', () => {
  test('a run, a tap and a watch each keep the log attended', async () => {
    expect(open.attended).toBe(false);
    open.addRun();
    expect([open.attended, open.hasRuns]).toEqual([true, true]);
    open.removeRun();
    const { close } = open.tap();
    expect([open.attended, open.taps]).toEqual([true, 1]);
    close();
    close();
    expect([open.attended, open.taps]).toEqual([false, 0]);
  });

  test('reads without news are counted until there is news, or a new tap', () => {
    open.countRead(false);
    open.countRead(false);
    expect(open.quietReads).toBe(2);
    open.countRead(true);
    expect(open.quietReads).toBe(0);
    open.countRead(false);
    open.tap();
    expect(open.quietReads).toBe(0);
  });

  test('the last record is known from the first read on', async () => {
    const other = taskLog(storage, clock, 'b');
    await startRun(other, 'r', 'b');
    await say(other, 'r', taskOf(WORKING), 'b');
    expect(open.last).toBeUndefined();
    await open.log.refresh();
    expect(open.last).toMatchObject({ events: 1, writtenAtMs: clock.now() });
    await other.append(proposeFence(authorOf('b'), 'c'));
    await open.log.refresh();
    expect(open.last).toMatchObject({ events: 0 });
  });
});
