import { listedTasks } from '@a2a-aws/testkit';
import { flush, Gate } from '@a2a-aws/testkit/fakes';
import { describe, expect, test } from 'vitest';
import { sleep } from '../../src/ports/clock.ts';
import { FAILED, KEY, taskOf, WORKING } from '../fixtures/events.ts';
import {
  begin,
  CLEAN_MS,
  DOORBELL_MS,
  Fleet,
  type Member,
  NO_TRACES,
  SETTINGS,
} from '../fixtures/fleet.ts';

/** Something that an instance does, call by call, and how to see that no harm is done. */
interface Scenario {
  /** The member whose calls are counted, and the work that makes them; it is killed afterwards. */
  begin(fleet: Fleet): Promise<{ member: Member; go: () => Promise<unknown> }>;
  /** Calls that must be among them: else the member did something else. */
  readonly makes: readonly string[];
  /** Once all is done that can be: holds wherever the member was killed. */
  check(fleet: Fleet): Promise<void>;
}

const DONE_MS = 2 * (SETTINGS.leaseMs + CLEAN_MS);

/** A task that the member works on. */
async function working(member: Member): Promise<void> {
  const { run } = await begin(member, 'm1');
  await run.publish(taskOf(WORKING));
}

async function gone(fleet: Fleet, ...ids: string[]): Promise<void> {
  for (const id of ids) expect(await fleet.traces(id)).toEqual(NO_TRACES);
  expect(await fleet.registry.watchers(KEY)).toEqual([]);
}

const scenarios: Record<string, Scenario> = {
  provision: {
    begin: async (fleet) => {
      await fleet.start('z');
      const member = fleet.make('a');
      return { member, go: () => member.instance.start(DOORBELL_MS) };
    },
    makes: ['register', 'provision', 'setAddress', 'beat'],
    check: (fleet) => gone(fleet, 'a'),
  },
  'another queue': {
    begin: async (fleet) => {
      await fleet.start('z');
      const member = await fleet.start('a');
      fleet.queues.delete('a');
      // Until the former addresses have been removed for the second time.
      return { member, go: () => sleep(fleet.clock, SETTINGS.quarantineMs + 10_000) };
    },
    makes: ['setAddress', 'teardown', 'provision', 'setAddress', 'teardown', 'setAddress'],
    check: (fleet) => gone(fleet, 'a'),
  },
  teardown: {
    begin: async (fleet) => {
      await fleet.start('z');
      const member = await fleet.start('a');
      await working(member);
      await member.instance.logs.follow(KEY);
      return { member, go: () => member.instance.stop(0) };
    },
    makes: ['putRecord', 'putHead', 'removeIntent', 'markDead', 'removeWatch', 'teardown'],
    check: async (fleet) => {
      await gone(fleet, 'a');
      expect(await fleet.states()).toEqual([WORKING, FAILED]);
      expect(await listedTasks(fleet.storage, KEY)).toMatchObject([{ state: FAILED }]);
    },
  },
  janitor: {
    begin: async (fleet) => {
      // The first leads: it is the one that cleans up.
      const member = await fleet.start('a');
      const dead = await fleet.start('d');
      await fleet.start('z');
      await working(dead);
      await dead.instance.logs.follow(KEY);
      dead.kill();
      await fleet.registry.markDead('d', (await fleet.registry.lease('d'))?.beat ?? 0);
      return { member, go: () => sleep(fleet.clock, CLEAN_MS) };
    },
    makes: [
      ...[
        'markDead',
        'intents',
        'putIntent',
        'lease',
        'putRecord',
        'putHead',
        'watchers',
        'removeIntent',
      ],
      ...['watches', 'removeWatch', 'teardown', 'removeWatchIndex', 'removeLease'],
    ],
    check: async (fleet) => {
      await gone(fleet, 'd', 'a');
      expect(await fleet.states()).toEqual([WORKING, FAILED]);
      expect(await listedTasks(fleet.storage, KEY)).toMatchObject([{ state: FAILED }]);
    },
  },
};

type Fate = 'before' | 'after' | 'pause';

/** Plays a scenario, in which the member meets its fate at the nth call; the names of all calls. */
async function play(scenario: Scenario, at: number, fate: Fate): Promise<string[]> {
  const fleet = new Fleet();
  const calls: string[] = [];
  const { member, go } = await scenario.begin(fleet);
  const released = new Gate();
  member.wire = async (call, name) => {
    calls.push(name);
    // A process that stands still makes no other call either.
    if (fate === 'pause' && at > 0 && calls.length >= at) await released.opened;
    if (fate === 'pause' || calls.length !== at) return call();
    if (fate === 'after') await call();
    member.kill();
    return undefined;
  };
  void go()
    .then(() => fate !== 'pause' && member.kill())
    .catch(() => {});
  await fleet.clock.advance(DONE_MS);
  released.open();
  await fleet.clock.advance(fate === 'pause' ? DONE_MS : 0);
  // A process that was paused knows by now that it is dead; it may go.
  member.kill();
  await fleet.clock.advance(DONE_MS);
  await scenario.check(fleet);
  expect(await fleet.registry.lease('z')).toMatchObject({ state: 'alive' });
  expect(fleet.queues.has('z')).toBe(true);
  await flush();
  return calls;
}

/** The calls that the scenario makes if nothing befalls the member. */
async function steps(scenario: Scenario): Promise<[number, string][]> {
  const calls = await play(scenario, 0, 'before');
  expect(calls).toEqual(expect.arrayContaining([...scenario.makes]));
  return calls.map((name, i) => [i + 1, name]);
}

for (const [name, scenario] of Object.entries(scenarios)) {
  const all = await steps(scenario);
  describe(`[I6] [I7] ${name}, cut short`, () => {
    test.each(all)('before call %i, %s', async (at) => {
      await play(scenario, at, 'before');
    });

    test.each(all)('after call %i, %s', async (at) => {
      await play(scenario, at, 'after');
    });

    test.each(all)('by a pause longer than a lease at call %i, %s', async (at) => {
      await play(scenario, at, 'pause');
    });
  });
}
