import { seededEntropy } from '@a2a-aws/testkit/fakes';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { sleep } from '../../src/ports/clock.ts';
import type { PushTransport } from '../../src/pushes/push-transport.ts';
import { pushId } from '../../src/pushes/pushed-entries.ts';
import {
  COMPLETED,
  chunkOf,
  INPUT_REQUIRED,
  KEY,
  statusOf,
  taskOf,
  WORKING,
} from '../fixtures/events.ts';
import { begin, CLEAN_MS, Fleet, FOUND_MS, type Member, slowWire } from '../fixtures/fleet.ts';
import { Webhooks } from '../fixtures/webhooks.ts';

// Many schedules: a machine under load may take its time.
vi.setConfig({ testTimeout: 60_000 });

const IDS = ['a', 'b', 'c'];

const schedule = fc.record({
  seed: fc.integer(),
  failPercent: fc.constantFrom(0, 30, 70),
  kills: fc.uniqueArray(fc.record({ who: fc.nat(1), at: fc.nat(5_000) }), {
    maxLength: 2,
    selector: ({ who }) => who,
  }),
  runs: fc.array(
    fc.record({
      by: fc.nat(2),
      at: fc.nat(3_000),
      pushes: fc.boolean(),
      gaps: fc.array(fc.nat(600), { maxLength: 5 }),
      end: fc.constantFrom(COMPLETED, INPUT_REQUIRED, undefined),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  configs: fc.array(fc.record({ by: fc.nat(2), at: fc.nat(4_000) }), { maxLength: 2 }),
  cancels: fc.array(fc.record({ by: fc.nat(2), at: fc.nat(4_000) }), { maxLength: 1 }),
  restarts: fc.array(fc.record({ by: fc.nat(2), at: fc.nat(6_000) }), { maxLength: 1 }),
});

type Schedule = typeof schedule extends fc.Arbitrary<infer T> ? T : never;

/** Returns the transport of a process that leaves the configurations that it does not find. */
function workersView(hooks: Webhooks): PushTransport {
  return {
    retry: hooks.retry,
    receivers: (key, ids) => hooks.receivers(key, ids),
    canDeliver: async (key, ids) => ids.length === 0 || (await hooks.receivers(key, ids)).size > 0,
    mustLeave: (_, isFound) => !isFound,
  };
}

/** Plays a schedule until every delivery has ended. `worker`: an instance that leaves what it does not find. */
async function play(plan: Schedule, worker?: string): Promise<{ fleet: Fleet; hooks: Webhooks }> {
  const { seed, failPercent, kills, runs, configs, cancels, restarts } = plan;
  const fleet = new Fleet();
  const hooks = new Webhooks();
  fleet.transport = hooks;
  if (worker) fleet.transports.set(worker, workersView(hooks));
  const { clock } = fleet;
  const { random } = seededEntropy('kill', seed);
  hooks.answer = async () => {
    await sleep(clock, random() * 300);
    const fails = clock.now() < 30_000 && random() * 100 < failPercent;
    return fails ? { kind: 'retry', reason: 'http-503' } : { kind: 'delivered' };
  };
  const members: Member[] = [];
  for (const id of IDS) members.push(await fleet.start(id));
  for (const member of members) member.wire = slowWire(clock, random, 200);
  const at = (who: number): Member => members[who] as Member;
  const later = (ms: number, work: () => Promise<unknown>): void => {
    clock.after(ms, () => void work().catch(() => {}));
  };
  for (const { who, at: when } of kills) clock.after(when, () => at(who).kill());
  for (const [n, { by, at: when, pushes, gaps, end }] of runs.entries()) {
    later(when, async () => {
      const config = `run-${n}`;
      const terms = { version: '1.0', latestOnly: false };
      const entry = pushes ? ({ kind: 'push', config, terms } as const) : undefined;
      if (entry) hooks.set(KEY, config);
      const { run } = await begin(at(by), `m${n}`, KEY, undefined, entry);
      await run.publish(taskOf(WORKING));
      for (const [event, gap] of gaps.entries()) {
        await sleep(clock, gap);
        await run.publish(chunkOf(`${n}-${event}`, 'text'));
      }
      if (end !== undefined) await run.publish(statusOf(end));
      await at(by).instance.intents.finish(run);
    });
  }
  for (const [n, { by, at: when }] of configs.entries()) {
    later(when, async () => {
      const config = `set-${n}`;
      const terms = { version: '1.0', latestOnly: false };
      // A worker has no handler that creates configurations.
      const creator = IDS[by] === worker ? by + 1 : by;
      await at(creator).instance.pushes?.setConfig(KEY, config, terms, async () => {
        await sleep(clock, random() * 2_000);
        hooks.set(KEY, config);
      });
    });
  }
  for (const { by, at: when } of cancels) later(when, () => at(by).instance.cancel(KEY, 500));
  for (const { by, at: when } of restarts) {
    later(when, async () => at(by).instance.pushes?.restart(KEY));
  }
  await clock.advance(6_000 + 2 * FOUND_MS + 2 * CLEAN_MS + 60_000);
  return { fleet, hooks };
}

/** Returns the ids of the events after the entry that set the configuration, in log order. */
async function expectedIds(fleet: Fleet, config: string): Promise<string[]> {
  const ids: string[] = [];
  let isSet = false;
  let isSealed = false;
  for (const { slot, entries } of await fleet.records()) {
    for (const [entry, { ...one }] of entries.entries()) {
      if (one.kind === 'push' && one.config === config && !isSealed) isSet = true;
      if (one.kind !== 'event' && one.kind !== 'answer') continue;
      if (isSet) ids.push(pushId(KEY, config, { slot, entry }));
      const status = one.kind === 'event' && 'status' in one.event.data && one.event.data.status;
      isSealed ||= status !== undefined && status !== false && [3, 4, 5, 7].includes(status.state);
    }
  }
  return ids;
}

test.each([undefined, 'a'])(
  '[I6] each event after a configuration was set reaches it, in order, wherever instances are killed; worker: %s',
  async (worker) => {
    await fc.assert(
      fc.asyncProperty(schedule, async (plan) => {
        const { fleet, hooks } = await play(plan, worker);
        const configs = [...plan.runs.keys()].map((n) => `run-${n}`);
        configs.push(...[...plan.configs.keys()].map((n) => `set-${n}`));
        for (const config of configs) {
          if (!(await hooks.receivers(KEY, [config])).has(config)) continue;
          const accepted = hooks.accepted(config).map(({ id }) => id);
          expect([...new Set(accepted)]).toEqual(await expectedIds(fleet, config));
        }
        // A worker keeps the intent of what it has left.
        for (const id of IDS.filter((one) => one !== worker)) {
          expect((await fleet.registry.intents(id)).map(({ purpose }) => purpose)).toEqual([]);
        }
      }),
      { numRuns: 60 },
    );
  },
);
