import { DEFAULT_LEASE_SETTINGS } from '@a2a-aws/core';
import { sleep } from '@a2a-aws/core/internal';
import { DynamoDBInstanceRegistry } from '@a2a-aws/dynamodb';
import { type FaultPlan, VirtualClock } from '@a2a-aws/testkit/fakes';
import { TaskState } from '@a2a-js/sdk';
import { callContext } from '../../fixtures/requests.ts';
import { PacedAgent } from '../agent/paced-agent.ts';
import { BENCH_TABLE, beginTask, FakeFleet, type FakeMember } from '../fakes/fake-fleet.ts';
import { latencyModel } from '../fakes/latency-model.ts';
import type { Row } from '../row.ts';
import { TARGETS } from '../targets.ts';

const INSTANCES = 5;
const TASKS = 20;
/** The number of kills, each at another moment of a heartbeat. */
const DEATHS = 10;
const STEP_MS = 200;
const LIMIT_MS = 300_000;
/** Longer than the leader's first round of lease checks. */
const SETTLED_MS = 2 * DEFAULT_LEASE_SETTINGS.leaseMs;

interface Recovery {
  /** The time from the kill until the last of its tasks is terminal, in milliseconds. */
  readonly ended: number;
  /** The time from then until its last row is gone, in milliseconds. */
  readonly gone: number;
}

/**
 * Measures the time to recover from killed instances, in virtual time in a model of AWS: the worst
 * of many.
 */
export async function recovery(): Promise<Row[]> {
  const one = await worstOf((at) => recover(at, ['i1']));
  const leader = await worstOf((at) => recover(at, ['i0', 'i1']));
  const settings = 'beats of 5 s, a lease of 20 s, a quarantine of 30 s';
  const group = `An instance dies over ${TASKS} tasks; ${settings}; the worst of ${DEATHS} deaths`;
  const rows = (when: string, { ended, gone }: Recovery, target: Row['target']): Row[] => [
    {
      group,
      label: `${when}: its tasks are terminal after`,
      value: ended / 1e3,
      unit: 's',
      target,
    },
    {
      group,
      label: `${when}: nothing of it is left after another`,
      value: gone / 1e3,
      unit: 's',
      target: TARGETS.goneSeconds,
    },
  ];
  return [
    ...rows('alone', one, TARGETS.endedSeconds),
    ...rows('with the leader', leader, TARGETS.endedWithLeaderSeconds),
  ];
}

async function worstOf(measure: (at: number) => Promise<Recovery>): Promise<Recovery> {
  const all: Recovery[] = [];
  for (let at = 0; at < DEATHS; at += 1) all.push(await measure(at));
  return {
    ended: Math.max(...all.map(({ ended }) => ended)),
    gone: Math.max(...all.map(({ gone }) => gone)),
  };
}

/** Kills `victims`, the last of which runs the tasks. */
async function recover(at: number, victims: readonly string[]): Promise<Recovery> {
  const clock = new VirtualClock();
  const dead = new Set<string>();
  const fleet = new FakeFleet({ clock, faults: silencing(latencyModel(at), dead) });
  const agent = new PacedAgent({ chunks: 0, pause: () => sleep(clock, LIMIT_MS) });
  const members = new Map<string, FakeMember>();
  for (let i = 0; i < INSTANCES; i += 1) {
    members.set(`i${i}`, await clock.run(fleet.join(`i${i}`, agent)));
    // Prevents that two instances renew their leases at the same moment.
    await clock.advance(617);
  }
  await clock.advance(SETTLED_MS);
  const victim = memberOf(members, victims.at(-1) ?? '');
  const witness = memberOf(members, `i${INSTANCES - 1}`);
  const ids: string[] = [];
  for (let i = 0; i < TASKS; i += 1) ids.push(await clock.run(beginTask(victim.handler)));
  await clock.advance((DEFAULT_LEASE_SETTINGS.beatMs * at) / DEATHS);

  const died = clock.now();
  const instance = victim.backend.stats().instance;
  for (const name of victims) dead.add(name);
  const { dynamodb: client } = fleet.aws.clients('witness');
  const registry = new DynamoDBInstanceRegistry({ client, tableName: BENCH_TABLE, prefix: 'a2a' });
  await until(clock, async () => {
    const tasks = await Promise.all(
      ids.map((id) => witness.handler.getTask({ tenant: '', id }, callContext())),
    );
    return tasks.every((task) => task.status?.state === TaskState.TASK_STATE_FAILED);
  });
  const ended = clock.now();
  await until(clock, async () => {
    const [lease, runs, watches] = await Promise.all([
      registry.lease(instance),
      registry.intents(instance),
      registry.watches(instance),
    ]);
    return !lease && runs.length + watches.length === 0;
  });
  return { ended: ended - died, gone: clock.now() - ended };
}

function memberOf(members: ReadonlyMap<string, FakeMember>, name: string): FakeMember {
  const member = members.get(name);
  if (!member) throw new Error('No such member.');
  return member;
}

async function until(clock: VirtualClock, holds: () => Promise<boolean>): Promise<void> {
  const end = clock.now() + LIMIT_MS;
  while (!(await clock.run(holds()))) {
    if (clock.now() > end) throw new Error('It did not come to that.');
    await clock.advance(STEP_MS);
  }
}

/** Returns faults that neither execute nor answer the calls of dead instances. */
function silencing(faults: FaultPlan, dead: ReadonlySet<string>): FaultPlan {
  return {
    ...faults,
    call: (call) =>
      dead.has(call.caller)
        ? { acts: [], answers: 10 * LIMIT_MS, fails: 'time-out' }
        : faults.call(call),
  };
}
