import { listedTasks } from '@a2a-aws/testkit';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { BackendError } from '../../src/errors.ts';
import { sleep } from '../../src/ports/clock.ts';
import type { InstanceRegistry } from '../../src/ports/instance-registry.ts';
import {
  CANCELED,
  COMPLETED,
  chunkOf,
  FAILED,
  INPUT_REQUIRED,
  KEY,
  statusOf,
  taskOf,
  WORKING,
} from '../fixtures/events.ts';
import { begin, CLEAN_MS, Fleet, type Member, NO_TRACES, SETTINGS } from '../fixtures/fleet.ts';
import { flush } from '../fixtures/manual-clock.ts';
import { lost, noAnswer, unreadable } from '../fixtures/wrapped-storage.ts';

let fleet: Fleet;
let a: Member;
let b: Member;

beforeEach(async () => {
  fleet = new Fleet();
  a = await fleet.start('a');
  b = await fleet.start('b');
});

/** Time in which a killed instance is found dead and its runs are ended. */
const FOUND_MS = SETTINGS.leaseMs + 2 * SETTINGS.beatMs;

const fences = async (): Promise<number> =>
  (await fleet.records()).flatMap((r) => r.entries).filter(({ kind }) => kind === 'fence').length;

describe('a lease that came with a copy of another table', () => {
  test('[I7] has its tasks ended and its rows removed, and its queue left alone', async () => {
    const leases = fleet.registry.leases.bind(fleet.registry);
    const { run } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    await a.instance.logs.follow(KEY);
    a.kill();
    const read = fleet.registry.lease.bind(fleet.registry);
    const foreign = <T extends { instance: string }>(row: T): T =>
      row.instance === 'a' ? { ...row, table: 'another' } : row;
    fleet.registry.leases = async () => (await leases()).map(foreign);
    fleet.registry.lease = async (id) => {
      const found = await read(id);
      return found && foreign(found);
    };
    await fleet.clock.advance(FOUND_MS + CLEAN_MS);
    expect(await fleet.states()).toEqual([WORKING, FAILED]);
    expect(await fleet.traces('a')).toEqual({ ...NO_TRACES, queue: true });
    expect(fleet.logged).toContain('janitor.foreign-lease');
  });

  test('[I7] names an instance that is told nothing', async () => {
    await begin(a, 'm1');
    const row = { instance: 'elsewhere', watch: 'w', key: KEY };
    await fleet.registry.putWatch(row);
    await fleet.registry.register('elsewhere', 'queue');
    const read = fleet.registry.lease.bind(fleet.registry);
    fleet.registry.lease = async (id) => {
      const found = await read(id);
      return found && id === 'elsewhere' ? { ...found, table: 'another' } : found;
    };
    const begun = await begin(b, 'm2');
    await begun.run.publish(taskOf(WORKING));
    await flush();
    expect([...new Set(b.fanout.told)]).toEqual(['a']);
  });
});

describe('after an instance was killed', () => {
  test('[I6] its run fails, once, whatever the number of janitors', async () => {
    await Promise.all(['c', 'd', 'e'].map((id) => fleet.start(id)));
    const { run } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    a.kill();
    await fleet.clock.advance(FOUND_MS);
    expect(await fleet.states()).toEqual([WORKING, FAILED]);
    expect(await fences()).toBe(1);
    expect(await listedTasks(fleet.storage, KEY)).toMatchObject([{ state: FAILED }]);
    await fleet.clock.advance(CLEAN_MS);
    expect(await fleet.states()).toEqual([WORKING, FAILED]);
  });

  test('[I6] a log, or a head, that cannot be read keeps nothing but itself from its end', async () => {
    const spoiled = { ...KEY, taskId: 'spoiled' };
    const [load, putHead] = [fleet.storage.load, fleet.storage.putHead];
    fleet.storage.load = (key) =>
      key.taskId === 'spoiled' ? Promise.reject(unreadable()) : load.call(fleet.storage, key);
    fleet.storage.putHead = (key, head) =>
      key.taskId === 'headless'
        ? Promise.reject(unreadable())
        : putHead.call(fleet.storage, key, head);
    for (let run = 0; run < 20; run += 1) {
      const row = { instance: 'a', run: `${run}`, purpose: 'execute' } as const;
      await fleet.registry.putIntent({ ...row, key: spoiled });
      await fleet.registry.putIntent({
        ...row,
        run: `head-${run}`,
        key: { ...KEY, taskId: 'headless' },
      });
    }
    await begin(a, 'm2', { ...KEY, taskId: 'headless' });
    const { run } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    a.kill();
    await fleet.clock.advance(FOUND_MS);
    expect(await fleet.states()).toEqual([WORKING, FAILED]);
    expect(await fleet.states({ ...KEY, taskId: 'headless' })).toEqual([FAILED]);
    expect(fleet.queues.has('a')).toBe(false);
    expect(b.instance.janitor.stats.failing).toBe(1);
    // The rows are there for those that can read what they name.
    await fleet.clock.advance(10 * CLEAN_MS);
    expect(await fleet.traces('a')).toMatchObject({ lease: 'dead', runs: 41 });
    expect(fleet.logged).toContain('janitor.run-left');
  });

  test('[I7] who runs the tasks that it watched rings it no more', async () => {
    await fleet.start('c');
    const { run } = await begin(b, 'm1');
    await run.publish(taskOf(WORKING));
    const { open } = await a.instance.logs.follow(KEY);
    open.tap();
    await flush();
    await run.publish(chunkOf('1', 'x'));
    await flush();
    expect(b.fanout.told).toContain('a');
    a.kill();
    await fleet.clock.advance(FOUND_MS);
    b.fanout.published.length = 0;
    await run.publish(chunkOf('2', 'x'));
    expect(b.fanout.told).toEqual([]);
  });

  test('[I6] its run is canceled if that was requested', async () => {
    const { run } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    const cancel = b.instance.cancel(KEY, 10 * FOUND_MS);
    await flush();
    a.kill();
    await fleet.clock.advance(FOUND_MS);
    expect(await fleet.states()).toEqual([WORKING, CANCELED]);
    expect(await cancel).toHaveProperty('canceled');
  });

  test('[I6] its task goes on waiting if it waited for input since the run began', async () => {
    const { run } = await begin(a, 'm1');
    await run.publish(statusOf(INPUT_REQUIRED));
    a.kill();
    await fleet.clock.advance(FOUND_MS);
    expect((await fleet.fold()).state).toMatchObject({ sealed: false });
    expect(await fences()).toBe(1);
    // And somebody else takes it up.
    const next = await begin(b, 'm2');
    await next.run.publish(statusOf(COMPLETED));
    expect((await fleet.fold()).task()?.status?.state).toBe(COMPLETED);
  });

  test('[I6] a log that cannot be read keeps no other from its end', async () => {
    const keys = ['task-1', 'task-2', 'task-3'].map((taskId) => ({ ...KEY, taskId }));
    for (const key of keys) {
      const { run } = await begin(a, `m-${key.taskId}`, key);
      await run.publish(taskOf(WORKING, { id: key.taskId }));
    }
    a.kill();
    const load = fleet.storage.memory.load.bind(fleet.storage.memory);
    const corrupt = new BackendError('corrupt-log', 'Records of the log are missing.');
    fleet.storage.memory.load = async (key) => {
      if (key.taskId === 'task-2') throw corrupt;
      return load(key);
    };
    await fleet.clock.advance(FOUND_MS);
    for (const key of [keys[0], keys[2]]) {
      expect(await fleet.states(key)).toEqual([WORKING, FAILED]);
    }
    expect(await fleet.traces('a')).toMatchObject({ lease: 'dead', runs: 1, queue: false });
    expect(b.instance.janitor.stats).toMatchObject({ cleaned: 0, failing: 1 });
    expect(fleet.logged).toContain('janitor.run-left');
    // And it is not forgotten.
    fleet.storage.memory.load = load;
    await fleet.clock.advance(2 * CLEAN_MS);
    expect(await fleet.states(keys[1])).toEqual([WORKING, FAILED]);
    expect(await fleet.traces('a')).toEqual(NO_TRACES);
    expect(b.instance.janitor.stats).toMatchObject({ cleaned: 1, failing: 0 });
  });

  test.each(['intents', 'watches'] as const)(
    '[I7] its queue goes although its %s cannot be read, and it is not forgotten',
    async (rows) => {
      const { run } = await begin(a, 'm1');
      await run.publish(taskOf(WORKING));
      await a.instance.logs.follow(KEY);
      a.kill();
      const corrupt = new BackendError('corrupt-log', 'An item of an unknown version.');
      const read = vi.spyOn(fleet.registry, rows).mockRejectedValue(corrupt);
      await fleet.clock.advance(FOUND_MS);
      expect(fleet.queues.has('a')).toBe(false);
      expect(await fleet.registry.lease('a')).toMatchObject({ state: 'dead' });
      expect(b.instance.janitor.stats).toMatchObject({ cleaned: 0, failing: 1 });
      read.mockRestore();
      await fleet.clock.advance(2 * CLEAN_MS);
      expect(await fleet.states()).toEqual([WORKING, FAILED]);
      expect(await fleet.traces('a')).toEqual(NO_TRACES);
    },
  );

  test('[I6] a run that cannot be read keeps no other from its end, and is not forgotten', async () => {
    const { run } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    a.kill();
    const runs = fleet.registry.intents.bind(fleet.registry);
    const corrupt = new BackendError('corrupt-log', 'An item of an unknown version.');
    const patched: InstanceRegistry = fleet.registry;
    patched.intents = async (id, unreadable) => {
      if (id === 'a') unreadable?.(corrupt);
      return runs(id);
    };
    await fleet.clock.advance(2 * CLEAN_MS);
    expect(await fleet.states()).toEqual([WORKING, FAILED]);
    expect(await fleet.registry.lease('a')).toMatchObject({ state: 'dead' });
    expect(b.instance.janitor.stats).toMatchObject({ cleaned: 0, failing: 1 });
    patched.intents = runs;
    await fleet.clock.advance(2 * CLEAN_MS);
    expect(await fleet.traces('a')).toEqual(NO_TRACES);
  });

  test('[I6] its task goes on with a run of another instance', async () => {
    const [one, other] = [await begin(a, 'm1'), await begin(b, 'm2')];
    await one.run.publish(taskOf(WORKING));
    a.kill();
    await fleet.clock.advance(FOUND_MS);
    expect((await fleet.fold()).state.sealed).toBe(false);
    expect(await other.run.publish(statusOf(COMPLETED))).toBeDefined();
  });

  test('[I7] nothing of it is left after the quarantine', async () => {
    await begin(a, 'm1');
    await a.instance.logs.follow(KEY);
    a.kill();
    await fleet.clock.advance(FOUND_MS);
    expect(await fleet.traces('a')).toMatchObject({ lease: 'dead', runs: 0, queue: false });
    expect(await fleet.registry.watchers(KEY)).toEqual([]);
    await fleet.clock.advance(CLEAN_MS);
    expect(await fleet.traces('a')).toEqual(NO_TRACES);
    expect(b.instance.janitor.stats).toEqual({ cleaned: 1, failed: 0, failing: 0, leads: true });
  });

  test('[I7] what of it comes late is found by the second pass', async () => {
    a.kill();
    await fleet.clock.advance(FOUND_MS);
    const row = { instance: 'a', run: 'late', key: KEY, purpose: 'execute' } as const;
    await fleet.registry.putIntent(row);
    await fleet.registry.putWatch({ instance: 'a', watch: 'late', key: KEY });
    fleet.queues.set('a', { name: 'queue-a', deliver: undefined, subscribed: true });
    await fleet.clock.advance(CLEAN_MS);
    expect(await fleet.traces('a')).toEqual(NO_TRACES);
    expect(await fleet.registry.watchers(KEY)).toEqual([]);
  });

  test('[I5] a run that it never started is fenced before it can', async () => {
    await fleet.registry.putIntent({ instance: 'a', run: 'r', key: KEY, purpose: 'execute' });
    a.kill();
    await fleet.clock.advance(FOUND_MS);
    expect((await fleet.records()).map((r) => r.entries)).toEqual([
      [{ kind: 'fence', instance: 'a' }],
    ]);
    expect((await fleet.fold()).task()).toBeUndefined();
  });

  test('[I6] its intent stays until the head holds how its task ended', async () => {
    const { run } = await begin(a, 'm1');
    fleet.storage.onHead = lost;
    await run.publish(statusOf(COMPLETED));
    a.kill();
    await fleet.clock.advance(FOUND_MS);
    expect(await fleet.traces('a')).toMatchObject({ lease: 'dead', runs: 1 });
    fleet.storage.onHead = (call) => call();
    await fleet.clock.advance(SETTINGS.beatMs);
    expect(await fleet.traces('a')).toMatchObject({ runs: 0 });
    expect(await listedTasks(fleet.storage, KEY)).toMatchObject([{ state: COMPLETED }]);
  });

  test('[I6] those who wait on other instances hear of it', async () => {
    const { run } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    const c = await fleet.start('c');
    const { open } = await c.instance.logs.follow(KEY);
    const { tap } = open.tap();
    const next = tap.next();
    a.kill();
    await fleet.clock.advance(FOUND_MS);
    expect((await next)?.deliveries.at(-1)?.final).toBe(true);
  });

  test('[I6] a janitor that dies over it is followed by another', async () => {
    const c = await fleet.start('c');
    const { run } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    a.kill();
    // b is about to mark it dead: its next calls are its last.
    await fleet.clock.advance(SETTINGS.leaseMs - SETTINGS.beatMs);
    let calls = 0;
    b.wire = (call) => {
      calls += 1;
      if (calls > 4) b.kill();
      return call();
    };
    await fleet.clock.advance(2 * CLEAN_MS);
    expect(await fleet.states()).toEqual([WORKING, FAILED]);
    expect(await fleet.traces('a')).toEqual(NO_TRACES);
    expect(await fleet.traces('b')).toEqual(NO_TRACES);
    expect(c.instance.phase).toBe('ready');
  });

  test('[I6] [I7] a janitor that fails at it tries again', async () => {
    const { run } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    a.kill();
    await fleet.clock.advance(SETTINGS.leaseMs - SETTINGS.beatMs);
    let calls = 0;
    // Beats get through, so that it lives; every other call fails for a while.
    b.wire = (call) => {
      calls += 1;
      return calls % 2 === 0 && calls < 40 ? Promise.reject(noAnswer()) : call();
    };
    await fleet.clock.advance(3 * CLEAN_MS);
    expect(await fleet.states()).toEqual([WORKING, FAILED]);
    expect(await fleet.traces('a')).toEqual(NO_TRACES);
  });

  test('[I7] a janitor counts what it could not do, and says so', async () => {
    let tries = 0;
    b.wire = (call, name) => {
      if (name !== 'teardown') return call();
      tries += 1;
      return Promise.reject(noAnswer());
    };
    a.kill();
    await fleet.clock.advance(2 * CLEAN_MS);
    expect(tries).toBeGreaterThan(1);
    expect(b.instance.janitor.stats).toMatchObject({ cleaned: 0, failed: tries, failing: 1 });
    expect(fleet.logged.filter((event) => event === 'janitor.failed')).toHaveLength(tries);
  });

  test('[I7] many that died at once are not cleaned up after all at once', async () => {
    const open = { teardown: 0, load: 0 };
    const most = { teardown: 0, load: 0 };
    b.wire = async (call, name) => {
      if (name !== 'teardown' && name !== 'load') return call();
      open[name] += 1;
      most[name] = Math.max(most[name], open[name]);
      await sleep(fleet.clock, 1_000);
      open[name] -= 1;
      return call();
    };
    for (let n = 0; n < 40; n += 1) {
      const { run } = await begin(a, `m${n}`, { ...KEY, taskId: `task-${n}` });
      void run.publish(taskOf(WORKING, { id: `task-${n}` }));
    }
    const others = await Promise.all(Array.from({ length: 20 }, (_, n) => fleet.start(`c${n}`)));
    for (const member of [a, ...others]) member.kill();
    await fleet.clock.advance(2 * CLEAN_MS);
    expect(b.instance.janitor.stats).toMatchObject({ cleaned: 21, failed: 0 });
    // As many concurrent calls as SNS and the table allow.
    expect(most).toEqual({ teardown: 4, load: 16 });
  });
});

describe('a janitor', () => {
  test('[I5] leaves alone who beats', async () => {
    await begin(a, 'm1');
    await fleet.clock.advance(5 * CLEAN_MS);
    expect(await fleet.registry.lease('a')).toMatchObject({ state: 'alive' });
    expect(a.deaths.count + b.deaths.count).toBe(0);
  });

  test('[I5] declares dead only what it saw silent for the lease time, however slow its reads were', async () => {
    for (const member of [a, b]) member.kill();
    await fleet.registry.register('d', 'queue-d');
    const leases = fleet.registry.leases.bind(fleet.registry);
    const lookMs = SETTINGS.leaseMs - SETTINGS.beatMs;
    let looks = 0;
    fleet.registry.leases = async () => {
      looks += 1;
      if (looks > 1) return leases();
      // d beats right before the answer to the first look is made.
      await sleep(fleet.clock, lookMs);
      await fleet.registry.beat('d', 1);
      return leases();
    };
    await fleet.registry.lead('e', await fleet.registry.leader());
    await fleet.start('e');
    // The second look sees the same beat: unchanged for one beat's time, not for the lease time.
    await fleet.clock.advance(lookMs + SETTINGS.beatMs);
    expect(looks).toBe(2);
    expect(await fleet.registry.lease('d')).toMatchObject({ state: 'alive' });
  });

  test('[I5] that was declared dead itself cleans nothing more', async () => {
    const { run } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    a.kill();
    await fleet.clock.advance(SETTINGS.leaseMs - SETTINGS.beatMs);
    await fleet.registry.markDead('b', (await fleet.registry.lease('b'))?.beat ?? 0);
    await fleet.clock.advance(CLEAN_MS);
    expect(b.instance.phase).toBe('dead');
    expect(await fleet.states()).toEqual([WORKING]);
    await fleet.start('c');
    await fleet.clock.advance(CLEAN_MS);
    expect(await fleet.states()).toEqual([WORKING, FAILED]);
    expect(await fleet.traces('b')).toEqual(NO_TRACES);
  });
});
