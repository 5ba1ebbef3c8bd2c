import { flush } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { BackendError } from '../../src/errors.ts';
import { sleep } from '../../src/ports/clock.ts';
import { chunkOf, FAILED, KEY, taskOf, WORKING } from '../fixtures/events.ts';
import {
  begin,
  CLEAN_MS,
  Fleet,
  FOUND_MS,
  type Member,
  NO_TRACES,
  SETTINGS,
} from '../fixtures/fleet.ts';
import { noAnswer } from '../fixtures/wrapped-storage.ts';

let fleet: Fleet;
let a: Member;
let b: Member;

beforeEach(async () => {
  fleet = new Fleet();
  a = await fleet.start('a');
  b = await fleet.start('b');
});

describe('a lease that was copied from another table', () => {
  test('[I7] leads to the end of its tasks and the removal of its rows, but not of its queue', async () => {
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

  test('[I7] names an instance that gets no doorbell', async () => {
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
    expect([...new Set(b.fanout.sentTo)]).toEqual(['a']);
  });
});

describe('after an instance was killed', () => {
  test('[I7] instances with runs of tasks that it watched send it no more doorbells', async () => {
    await fleet.start('c');
    const { run } = await begin(b, 'm1');
    await run.publish(taskOf(WORKING));
    const { open } = await a.instance.logs.follow(KEY);
    open.tap();
    await flush();
    await run.publish(chunkOf('1', 'x'));
    await flush();
    expect(b.fanout.sentTo).toContain('a');
    a.kill();
    await fleet.clock.advance(FOUND_MS);
    b.fanout.published.length = 0;
    await run.publish(chunkOf('2', 'x'));
    expect(b.fanout.sentTo).toEqual([]);
  });

  test.each(['intents', 'watches'] as const)(
    '[I7] its queue is removed although its %s are unreadable, and its lease stays',
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

  test('[I7] all its rows and resources are removed after the quarantine', async () => {
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

  test('[I7] the second pass removes rows and resources that were created late', async () => {
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

  test('[I6] readers on other instances receive the end of its run', async () => {
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

  test('[I6] another janitor continues if the first one dies during the clean-up', async () => {
    const c = await fleet.start('c');
    const { run } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    a.kill();
    // b is about to mark it dead, and dies within its next calls.
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

  test('[I6] [I7] a janitor whose calls fail tries again', async () => {
    const { run } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    a.kill();
    await fleet.clock.advance(SETTINGS.leaseMs - SETTINGS.beatMs);
    let calls = 0;
    // Heartbeats succeed, so that it stays alive. Every second call fails for a while.
    b.wire = (call) => {
      calls += 1;
      return calls % 2 === 0 && calls < 40 ? Promise.reject(noAnswer()) : call();
    };
    await fleet.clock.advance(3 * CLEAN_MS);
    expect(await fleet.states()).toEqual([WORKING, FAILED]);
    expect(await fleet.traces('a')).toEqual(NO_TRACES);
  });

  test('[I7] a janitor counts and logs its failures', async () => {
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

  test('[I7] a janitor limits its concurrent calls when many instances die at once', async () => {
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
  test('[I5] leaves instances alone that renew their leases', async () => {
    await begin(a, 'm1');
    await fleet.clock.advance(5 * CLEAN_MS);
    expect(await fleet.registry.lease('a')).toMatchObject({ state: 'alive' });
    expect(a.deaths.count + b.deaths.count).toBe(0);
  });

  test('[I5] declares an instance dead only after a silence of the lease time, even if its reads are slow', async () => {
    for (const member of [a, b]) member.kill();
    await fleet.registry.register('d', 'queue-d');
    const leases = fleet.registry.leases.bind(fleet.registry);
    const readMs = SETTINGS.leaseMs - SETTINGS.beatMs;
    let reads = 0;
    fleet.registry.leases = async () => {
      reads += 1;
      if (reads > 1) return leases();
      // d beats right before the answer to the first read is sent.
      await sleep(fleet.clock, readMs);
      await fleet.registry.beat('d', 1);
      return leases();
    };
    await fleet.registry.lead('e', await fleet.registry.leader());
    await fleet.start('e');
    // The second read finds the same beat: unchanged for one beat's time, not for the lease time.
    await fleet.clock.advance(readMs + SETTINGS.beatMs);
    expect(reads).toBe(2);
    expect(await fleet.registry.lease('d')).toMatchObject({ state: 'alive' });
  });

  test('[I5] that was declared dead itself stops cleaning up', async () => {
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
