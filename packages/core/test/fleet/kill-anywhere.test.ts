import { listedTasks } from '@a2a-aws/testkit';
import { seededEntropy } from '@a2a-aws/testkit/fakes';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { isInterrupted } from '../../src/a2a/event.ts';
import { openRuns } from '../../src/model/state.ts';
import { sleep } from '../../src/ports/clock.ts';
import {
  COMPLETED,
  chunkOf,
  INPUT_REQUIRED,
  KEY,
  message,
  statusOf,
  taskOf,
  WORKING,
} from '../fixtures/events.ts';
import { CLEAN_MS, Fleet, type Member, NO_TRACES, slowWire } from '../fixtures/fleet.ts';

// Many schedules: a machine under load may take its time.
vi.setConfig({ testTimeout: 60_000 });

const IDS = ['a', 'b', 'c'];
const KEYS = [KEY, { ...KEY, taskId: 'task-2' }];

const schedule = fc.record({
  seed: fc.integer(),
  lossPercent: fc.constantFrom(0, 50, 100),
  resumes: fc.boolean(),
  kills: fc.uniqueArray(fc.record({ who: fc.nat(1), at: fc.nat(4_000) }), {
    minLength: 1,
    maxLength: 2,
    selector: ({ who }) => who,
  }),
  runs: fc.array(
    fc.record({
      by: fc.nat(2),
      task: fc.nat(1),
      at: fc.nat(2_000),
      gaps: fc.array(fc.nat(900), { maxLength: 4 }),
      end: fc.constantFrom(COMPLETED, INPUT_REQUIRED, undefined),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  taps: fc.array(fc.record({ by: fc.nat(2), task: fc.nat(1), at: fc.nat(3_000) }), {
    maxLength: 3,
  }),
  cancels: fc.array(fc.record({ by: fc.nat(2), task: fc.nat(1), at: fc.nat(3_000) }), {
    maxLength: 1,
  }),
});

type Schedule = typeof schedule extends fc.Arbitrary<infer T> ? T : never;

/** Plays a schedule until all that can be done about its dead is done. */
async function play(plan: Schedule): Promise<Fleet> {
  const { seed, lossPercent, resumes, kills, runs, taps, cancels } = plan;
  const fleet = new Fleet();
  const { clock } = fleet;
  const { random } = seededEntropy('kill', seed);
  const members: Member[] = [];
  for (const id of IDS) members.push(await fleet.start(id));
  for (const member of members) {
    member.wire = slowWire(clock, random, 200);
    member.fanout.network = (send) => {
      if (random() * 100 >= lossPercent) clock.after(random() * 500, send);
    };
  }
  const at = (who: number): Member => {
    const member = members[who];
    if (!member) throw new Error('no such member');
    return member;
  };
  const quiet = (work: Promise<unknown>): void => void work.catch(() => {});
  const key = (task: number): typeof KEY => KEYS[task] ?? KEY;
  fleet.resumer = ({ run, finish }) => {
    run.onStop(() => quiet(finish()));
    quiet(
      (async () => {
        await sleep(clock, random() * 2_000);
        void run.publish(statusOf(COMPLETED, undefined, undefined, run.open.log.key.taskId));
        await finish();
      })(),
    );
  };
  for (const { who, at: when } of kills) clock.after(when, () => at(who).kill());
  for (const [n, plan] of runs.entries()) {
    quiet(
      (async () => {
        await sleep(clock, plan.at);
        const { intents: own } = at(plan.by).instance;
        const begun = await at(plan.by).instance.begin(key(plan.task), {
          contextId: 'context-1',
          message: message(`m${n}`),
          digest: '',
          resume: resumes ? 'recorded' : undefined,
        });
        if ('refused' in begun) return;
        begun.run.onStop(() => quiet(own.finish(begun.run)));
        void begun.run.publish(taskOf(WORKING, { id: key(plan.task).taskId }));
        for (const gap of plan.gaps) {
          await sleep(clock, gap);
          void begun.run.publish(chunkOf('a', 'x', { append: true }));
        }
        if (plan.end !== undefined) {
          const { taskId } = key(plan.task);
          void begun.run.publish(statusOf(plan.end, undefined, undefined, taskId));
        }
        await own.finish(begun.run);
      })(),
    );
  }
  for (const plan of taps) {
    quiet(
      (async () => {
        await sleep(clock, plan.at);
        await at(plan.by).instance.logs.follow(key(plan.task));
      })(),
    );
  }
  for (const plan of cancels) {
    quiet(
      (async () => {
        await sleep(clock, plan.at);
        await at(plan.by).instance.cancel(key(plan.task), 3_000);
      })(),
    );
  }
  // Long enough for one janitor that was killed over the work of another.
  await clock.advance(5_000 + 2 * CLEAN_MS);
  return fleet;
}

const law = (
  name: string,
  check: (fleet: Fleet, dead: readonly string[]) => Promise<void>,
): void => {
  test(name, async () => {
    await fc.assert(
      fc.asyncProperty(schedule, async (plan) => {
        await check(
          await play(plan),
          plan.kills.map(({ who }) => IDS[who] ?? ''),
        );
      }),
      { numRuns: 25 },
    );
  });
};

describe('whenever instances are killed', () => {
  law('[I6] no task without a run looks active', async (fleet) => {
    for (const key of KEYS) {
      const { state } = await fleet.fold(key);
      expect(openRuns(state)).toEqual([]);
      if (state.hasTask && !state.sealed) expect(isInterrupted(state.status?.state)).toBe(true);
    }
  });

  law('[I4] no run is continued twice, and none that has ended', async (fleet) => {
    for (const key of KEYS) {
      const resumed = new Set<string>();
      const over = new Set<string>();
      for (const entry of (await fleet.records(key)).flatMap(({ entries }) => entries)) {
        if (entry.kind === 'end') over.add(entry.run);
        if (entry.kind !== 'start' || entry.resumes === undefined) continue;
        expect(over).not.toContain(entry.resumes);
        expect(resumed).not.toContain(entry.resumes);
        resumed.add(entry.resumes);
      }
    }
  });

  law('[I6] every head holds the last status of its log', async (fleet) => {
    const heads = await listedTasks(fleet.storage, KEY);
    for (const key of KEYS) {
      const { state } = await fleet.fold(key);
      const head = heads.find(({ taskId }) => taskId === key.taskId);
      expect(head?.state).toBe(state.status?.state);
    }
  });

  law('[I7] nothing of them is left', async (fleet, dead) => {
    for (const id of dead) expect(await fleet.traces(id)).toEqual(NO_TRACES);
    const watchers = await Promise.all(KEYS.map((key) => fleet.registry.watchers(key)));
    for (const { instance } of watchers.flat()) expect(dead).not.toContain(instance);
  });

  law('[I5] nothing of them follows their fence', async (fleet) => {
    for (const key of KEYS) {
      const fenced = new Set<string>();
      for (const record of await fleet.records(key)) {
        expect(fenced).not.toContain(record.instance);
        for (const entry of record.entries) {
          if (entry.kind === 'fence') fenced.add(entry.instance);
        }
      }
    }
  });

  law('[I7] the living keep their lease, and no rows that they do not use', async (fleet, dead) => {
    for (const id of IDS.filter((one) => !dead.includes(one))) {
      expect(await fleet.traces(id)).toMatchObject({ lease: 'alive', runs: 0, queue: true });
    }
  });
});
