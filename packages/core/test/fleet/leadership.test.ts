import { beforeEach, describe, expect, test } from 'vitest';
import { Leadership } from '../../src/fleet/leadership.ts';
import { silentLogger } from '../../src/ports/logger.ts';
import { FAILED, KEY, taskOf, WORKING } from '../fixtures/events.ts';
import { begin, CLEAN_MS, Fleet, type Member, NO_TRACES, SETTINGS } from '../fixtures/fleet.ts';
import { noAnswer, unreadable } from '../fixtures/wrapped-storage.ts';

let fleet: Fleet;
let members: Member[];

const looks = { count: 0 };

beforeEach(async () => {
  fleet = new Fleet();
  looks.count = 0;
  const leases = fleet.registry.leases.bind(fleet.registry);
  fleet.registry.leases = () => {
    looks.count += 1;
    return leases();
  };
  members = [];
  for (const id of ['a', 'b', 'c', 'd']) members.push(await fleet.start(id));
});

const leaders = (): string[] =>
  members.filter(({ instance }) => instance.janitor.stats.leads).map(({ instance }) => instance.id);

const member = (id: string): Member => {
  const found = members.find(({ instance }) => instance.id === id);
  if (!found) throw new Error('no such member');
  return found;
};

describe('of many instances', () => {
  test('one alone reads the leases of all', async () => {
    await fleet.clock.advance(10 * SETTINGS.beatMs);
    expect(leaders()).toEqual([await fleet.registry.leader()]);
    expect(looks.count).toBe(11);
  });

  test('[I6] another leads soon after the leader was killed, and finishes it', async () => {
    const { run } = await begin(member('a'), 'm1');
    await run.publish(taskOf(WORKING));
    expect(leaders()).toEqual(['a']);
    member('a').kill();
    await fleet.clock.advance(SETTINGS.leaseMs + 2 * SETTINGS.beatMs);
    expect(await fleet.states()).toEqual([WORKING, FAILED]);
    expect(leaders().filter((id) => id !== 'a')).toHaveLength(1);
    expect(fleet.logged.filter((event) => event === 'janitor.declared-dead')).toHaveLength(1);
  });

  test('[I6] an instance that died with the leader is found within another lease time', async () => {
    const { run } = await begin(member('b'), 'm1');
    await run.publish(taskOf(WORKING));
    for (const id of ['a', 'b']) member(id).kill();
    await fleet.clock.advance(2 * SETTINGS.leaseMs + 2 * SETTINGS.beatMs);
    expect(await fleet.states()).toEqual([WORKING, FAILED]);
    await fleet.clock.advance(CLEAN_MS);
    for (const id of ['a', 'b']) expect(await fleet.traces(id)).toEqual(NO_TRACES);
  });

  test('another instance leads after its next round once the leader has stopped', async () => {
    await member('a').instance.stop(0);
    await fleet.clock.advance(2 * SETTINGS.beatMs);
    expect(leaders().filter((id) => id !== 'a')).toHaveLength(1);
  });

  test('[I6] another leads while the leader drains, however long that takes', async () => {
    await begin(member('a'), 'm1');
    void member('a').instance.stop(10 * CLEAN_MS);
    await fleet.clock.advance(2 * SETTINGS.beatMs);
    expect(leaders()).toEqual([await fleet.registry.leader()]);
    expect(leaders()).not.toEqual(['a']);
    expect(member('a').instance.phase).toBe('draining');
  });

  test('[I6] another leads if the leader renews its lease but cannot read the others', async () => {
    let failing = true;
    member('a').wire = async (call, name) => {
      if (failing && name === 'leases') throw noAnswer();
      return call();
    };
    const key = { ...KEY, taskId: 'task-b' };
    await begin(member('b'), 'm1', key);
    member('b').kill();
    await fleet.clock.advance(2 * SETTINGS.leaseMs + 2 * SETTINGS.beatMs);
    expect(await fleet.states(key)).toEqual([FAILED]);
    expect(member('a').instance.phase).toBe('ready');
    failing = false;
    await fleet.clock.advance(CLEAN_MS);
    expect(leaders()).toEqual([await fleet.registry.leader()]);
    expect(leaders()).not.toEqual(['a']);
  });

  test('[I6] one that resigned leads again if no other takes over', async () => {
    for (const id of ['b', 'c', 'd']) await member(id).instance.stop(0);
    member('a').wire = async (call, name) => {
      if (name === 'leases') throw noAnswer();
      return call();
    };
    await fleet.clock.advance(3 * SETTINGS.leaseMs);
    expect(await fleet.registry.lease('a')).toMatchObject({ state: 'alive' });
    member('a').wire = (call) => call();
    await fleet.clock.advance(3 * SETTINGS.beatMs);
    expect(leaders()).toEqual(['a']);
    expect(await fleet.registry.lease('a')).toMatchObject({ resigned: false });
  });

  test('[I7] the leader leads although the answer that it does was lost', async () => {
    const other = new Fleet();
    const lone = other.make('x');
    const lead = other.registry.lead.bind(other.registry);
    other.registry.lead = async (...names) => {
      other.registry.lead = lead;
      await lead(...names);
      throw noAnswer();
    };
    await lone.instance.start();
    await other.clock.advance(2 * SETTINGS.beatMs);
    expect(lone.instance.janitor.stats.leads).toBe(true);
  });

  test('[I6] an instance whose takeover arrives late leads, even if it follows another one by then', async () => {
    const { registry, clock } = fleet;
    const late = new Leadership({
      instance: 'b',
      registry,
      clock,
      logger: silentLogger,
      settings: SETTINGS,
    });
    expect(await late.chooseLeader()).toBe(false);
    await registry.lead('b', 'a');
    await clock.advance(SETTINGS.leaseMs);
    expect(await late.chooseLeader()).toBe(true);
  });

  test('[I5] a leader that was paused and replaced does no harm', async () => {
    const { run } = await begin(member('a'), 'm1');
    await run.publish(taskOf(WORKING));
    const held: (() => void)[] = [];
    member('a').wire = (call) => new Promise((resolve) => held.push(() => resolve(call())));
    await fleet.clock.advance(SETTINGS.leaseMs + 2 * SETTINGS.beatMs);
    member('a').wire = (call) => call();
    for (const release of held) release();
    await fleet.clock.advance(2 * SETTINGS.beatMs);
    expect(member('a').instance.phase).toBe('dead');
    expect(members.slice(1).map(({ instance }) => instance.phase)).toEqual(Array(3).fill('ready'));
    expect(await fleet.states()).toEqual([WORKING, FAILED]);
  });
});

describe('with an unreadable leader row', () => {
  const unled = async (): Promise<void> => {
    fleet = new Fleet();
    looks.count = 0;
    const leases = fleet.registry.leases.bind(fleet.registry);
    fleet.registry.leases = () => {
      looks.count += 1;
      return leases();
    };
    fleet.registry.leader = () => Promise.reject(unreadable());
    fleet.registry.lead = async () => false;
    members = [];
    for (const id of ['a', 'b', 'c', 'd']) members.push(await fleet.start(id));
  };

  test('[I6] one of the instances that cannot read it inspects all leases, and writes no leader row', async () => {
    await unled();
    const { run } = await begin(member('c'), 'm1');
    await run.publish(taskOf(WORKING));
    member('c').kill();
    await fleet.clock.advance(SETTINGS.leaseMs + 2 * SETTINGS.beatMs);
    expect(await fleet.states()).toEqual([WORKING, FAILED]);
    expect(leaders()).toEqual(['a']);
    expect(fleet.logged).toContain('leader.unreadable');
    // The one that looks after all, and the others once in a lease time.
    looks.count = 0;
    await fleet.clock.advance(10 * SETTINGS.beatMs);
    expect(looks.count).toBeLessThan(20);
  });

  test('[I6] another does once that one was killed, or drains', async () => {
    await unled();
    const { run } = await begin(member('c'), 'm1');
    await run.publish(taskOf(WORKING));
    for (const id of ['a', 'c']) member(id).kill();
    await fleet.clock.advance(2 * SETTINGS.leaseMs + 2 * SETTINGS.beatMs);
    expect(await fleet.states()).toEqual([WORKING, FAILED]);
    expect(leaders().filter((id) => id !== 'a')).toEqual(['b']);
    await begin(member('b'), 'm2', { ...KEY, taskId: 'task-2' });
    void member('b').instance.stop(10 * CLEAN_MS);
    await fleet.clock.advance(3 * SETTINGS.beatMs);
    expect(leaders().filter((id) => id !== 'a')).toEqual(['d']);
  });

  test('[I5] [I6] a leader with an unreadable lease is left alone, and the others do not wait for it', async () => {
    const lease = fleet.registry.lease.bind(fleet.registry);
    fleet.registry.lease = (id) => (id === 'a' ? Promise.reject(unreadable()) : lease(id));
    const leases = fleet.registry.leases.bind(fleet.registry);
    fleet.registry.leases = async () => (await leases()).filter((one) => one.instance !== 'a');
    const { run } = await begin(member('c'), 'm1');
    await run.publish(taskOf(WORKING));
    for (const id of ['a', 'c']) member(id).kill();
    await fleet.clock.advance(2 * SETTINGS.leaseMs + 2 * SETTINGS.beatMs);
    expect(await fleet.states()).toEqual([WORKING, FAILED]);
    expect(leaders().filter((id) => id !== 'a')).toEqual(['b']);
    expect(await lease('a')).toMatchObject({ state: 'alive' });
    expect(await fleet.registry.leader()).toBe('a');
  });
});
