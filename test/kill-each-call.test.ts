import { describe, expect, test } from 'vitest';
import {
  type FanoutName,
  KillableFleet,
  type KillableServer,
  type VictimFault,
} from './fixtures/killable-fleet.ts';

/** An action that consists of AWS calls. */
interface Scenario {
  /** Operations that must be among the victim's calls. */
  readonly makes: Readonly<Record<FanoutName, readonly string[]>>;
  /** Has the victim act and the others clean up. Returns the live servers. */
  play(fleet: KillableFleet): Promise<KillableServer[]>;
}

const MADE = ['PutItem', 'UpdateItem', 'CreateQueue'];
const REMOVED = ['PutItem', 'UpdateItem', 'DeleteItem', 'DeleteQueue'];
/** Longer than each takes; milliseconds. */
const STARTING_MS = 2_000;
const STOPPING_MS = 20_000;
const CLEANING_MS = 95_000;
/** Heartbeats and lease reads repeat: only so many of equal calls are tried. */
const SAME = 3;

const SCENARIOS: Record<string, Scenario> = {
  provision: {
    makes: { sns: [...MADE, 'Subscribe'], direct: MADE },
    play: async (fleet) => {
      const z = await fleet.started('z');
      const { process, backend } = fleet.server('v');
      fleet.watch(process, STARTING_MS);
      void process.request(() => backend.start()).catch(() => {});
      await fleet.untilClean();
      process.crash();
      await fleet.untilClean();
      return [z];
    },
  },
  teardown: {
    makes: { sns: [...REMOVED, 'Unsubscribe'], direct: REMOVED },
    play: async (fleet) => {
      const z = await fleet.started('z');
      const v = await fleet.started('v');
      await fleet.works(v);
      const { process, backend } = v;
      fleet.watch(process, STOPPING_MS);
      void process.request(() => backend.stop({ drainMs: 0 })).catch(() => {});
      await fleet.untilClean();
      process.crash();
      await fleet.untilClean();
      return [z];
    },
  },
  janitor: {
    makes: { sns: [...REMOVED, 'Unsubscribe'], direct: REMOVED },
    play: async (fleet) => {
      const { process } = await fleet.started('v');
      const z = await fleet.started('z');
      const d = await fleet.started('d');
      await fleet.works(d);
      d.process.crash();
      fleet.watch(process, CLEANING_MS);
      await fleet.untilClean();
      process.crash();
      await fleet.untilClean();
      return [z];
    },
  },
  'scheduled janitor': {
    makes: {
      sns: [...REMOVED, 'Unsubscribe', 'ListQueues', 'ListQueueTags', 'ListSubscriptionsByTopic'],
      direct: [...REMOVED, 'ListQueues', 'ListQueueTags'],
    },
    play: async (fleet) => {
      await fleet.orphans();
      const d = await fleet.started('d');
      await fleet.works(d);
      d.process.crash();
      const process = fleet.process('first');
      fleet.watch(process, CLEANING_MS);
      void fleet.round(process);
      await fleet.clock.advance(CLEANING_MS / 3);
      // The next round begins while the first may be paused.
      await fleet.clock.run(fleet.round(fleet.process('second')));
      await fleet.untilClean();
      process.crash();
      for (const name of ['third', 'fourth']) {
        await fleet.clock.run(fleet.round(fleet.process(name)));
      }
      return [];
    },
  },
};

async function play(
  scenario: Scenario,
  fanout: FanoutName,
  fault?: VictimFault,
): Promise<KillableFleet> {
  const fleet = new KillableFleet(fanout, fault);
  const live = await scenario.play(fleet);
  expect(fleet.leftovers(live)).toEqual([]);
  return fleet;
}

/** Returns the calls that the victim makes without a fault. */
async function callsOf(scenario: Scenario, fanout: FanoutName): Promise<[number, string][]> {
  const { calls: all } = await play(scenario, fanout);
  const operations = all.map(({ operation }) => operation);
  expect(operations).toEqual(expect.arrayContaining([...scenario.makes[fanout]]));
  const seen = new Map<string, number>();
  return all.flatMap(({ operation, label }, n): [number, string][] => {
    const times = (seen.get(label) ?? 0) + 1;
    seen.set(label, times);
    return times > SAME ? [] : [[n + 1, operation]];
  });
}

for (const fanout of ['sns', 'direct'] as const) {
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    const all = await callsOf(scenario, fanout);
    describe(`[I6] [I7] ${name}, fan-out ${fanout}`, () => {
      test.each(all)('is killed before call %i, %s', async (at) => {
        await play(scenario, fanout, { at, kind: 'before' });
      });

      test.each(all)('is killed after call %i, %s', async (at) => {
        await play(scenario, fanout, { at, kind: 'after' });
      });

      test.each(all)('is paused for longer than a lease at call %i, %s', async (at) => {
        await play(scenario, fanout, { at, kind: 'pause' });
      });
    });
  }
}
