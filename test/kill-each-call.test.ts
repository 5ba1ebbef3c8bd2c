import { describe, expect, test } from 'vitest';
import {
  type Blow,
  type FanoutName,
  MortalFleet,
  type MortalServer,
} from './fixtures/mortal-fleet.ts';

/** Something done call by call. */
interface Scenario {
  /** Calls that must be among its steps: else it is another's doing. */
  readonly makes: Readonly<Record<FanoutName, readonly string[]>>;
  /** Has the victim do it, whatever it meets, and the others clean up. Comes to who lives then. */
  play(fleet: MortalFleet): Promise<MortalServer[]>;
}

const MADE = ['PutItem', 'UpdateItem', 'CreateQueue'];
const REMOVED = ['PutItem', 'UpdateItem', 'DeleteItem', 'DeleteQueue'];
/** Longer than each takes; milliseconds. */
const STARTING_MS = 2_000;
const STOPPING_MS = 20_000;
const CLEANING_MS = 95_000;
/** A beat, and a look at the leases, are the same every time. */
const SAME = 3;

const SCENARIOS: Record<string, Scenario> = {
  provision: {
    makes: { sns: [...MADE, 'Subscribe'], direct: MADE },
    play: async (fleet) => {
      const z = await fleet.started('z');
      const { process, backend } = fleet.server('v');
      fleet.watch(process, STARTING_MS);
      void process.request(() => backend.start()).catch(() => {});
      await fleet.settle();
      process.crash();
      await fleet.settle();
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
      await fleet.settle();
      process.crash();
      await fleet.settle();
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
      await fleet.settle();
      process.crash();
      await fleet.settle();
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
      // The next comes while the first may stand still.
      await fleet.clock.run(fleet.round(fleet.process('second')));
      await fleet.settle();
      process.crash();
      for (const name of ['third', 'fourth']) {
        await fleet.clock.run(fleet.round(fleet.process(name)));
      }
      return [];
    },
  },
};

async function play(scenario: Scenario, fanout: FanoutName, blow?: Blow): Promise<MortalFleet> {
  const fleet = new MortalFleet(fanout, blow);
  const living = await scenario.play(fleet);
  expect(fleet.left(living)).toEqual([]);
  return fleet;
}

/** The calls that the scenario makes if nothing befalls the victim. */
async function steps(scenario: Scenario, fanout: FanoutName): Promise<[number, string][]> {
  const { steps: all } = await play(scenario, fanout);
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
    const all = await steps(scenario, fanout);
    describe(`[I6] [I7] ${name}, fan-out ${fanout}`, () => {
      test.each(all)('is killed before call %i, %s', async (at) => {
        await play(scenario, fanout, { at, fate: 'before' });
      });

      test.each(all)('is killed after call %i, %s', async (at) => {
        await play(scenario, fanout, { at, fate: 'after' });
      });

      test.each(all)('stands still for longer than a lease at call %i, %s', async (at) => {
        await play(scenario, fanout, { at, fate: 'pause' });
      });
    });
  }
}
