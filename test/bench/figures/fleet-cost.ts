import { sleep } from '@a2a-aws/core/internal';
import { VirtualClock } from '@a2a-aws/testkit/fakes';
import { callContext } from '../../fixtures/requests.ts';
import { type Pace, PacedAgent } from '../agent/paced-agent.ts';
import { beginTask, FakeFleet, type FakeMember } from '../fakes/fake-fleet.ts';
import { latencyModel } from '../fakes/latency-model.ts';
import { spent } from '../fakes/prices.ts';
import type { Row, Target } from '../row.ts';
import { TARGETS } from '../targets.ts';

/**
 * In a fleet of two, only one other instance can have a tap, so growth is measured from ten
 * instances on.
 */
const FLEETS = [2, 10, 100, 1_000] as const;
const EVENTS_A_TASK = 500;
/** The number of other instances with a tap on each task: 1.2 on average. */
const WATCHERS = [1, 1, 1, 1, 2] as const;
/**
 * By then, all work that follows from the last event has been done, including the sweep of the
 * rows.
 */
const QUIET_MS = 180_000;
/**
 * No heartbeats or searches for dead instances happen in this time; they are a cost of each
 * instance, not of an event.
 */
const LONG_LEASE = { beatMs: 86_400_000, leaseMs: 2 * 86_400_000, quarantineMs: 60_000 };
const SEED = 1;

interface Setting {
  readonly name: string;
  /**
   * The pause between two events, in milliseconds. An append takes 5, which determines how many
   * events share a record.
   */
  readonly pauseMs: number;
  readonly compress: boolean;
  readonly target?: Target;
}

const SETTINGS: readonly Setting[] = [
  { name: 'ten a record, deflated', pauseMs: 0.5, compress: true, target: TARGETS.dollarsDeflated },
  { name: 'ten a record, plain', pauseMs: 0.5, compress: false, target: TARGETS.dollarsPlain },
  { name: 'one a record, deflated', pauseMs: 100, compress: true },
];

/**
 * Measures the cost of an event in fleets of several sizes, from counted calls in a model of AWS.
 */
export async function fleetCost(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { name, pauseMs, compress, target } of SETTINGS) {
    const group = `Cost of 1 KB events, ${name}, ${EVENTS_A_TASK} a task, 1.2 other instances interested`;
    const costs = [];
    for (const size of FLEETS) costs.push({ size, ...(await costOf(size, pauseMs, compress)) });
    for (const { size, dollars, calls } of costs) {
      const label = `${size.toLocaleString('en-US')} instances`;
      rows.push(
        { group, label: `${label}, a million events`, value: dollars, unit: 'USD', target },
        { group, label: `${label}, an event`, value: calls, unit: 'calls', detail: true },
      );
    }
    const growth = (costs.at(-1)?.dollars ?? 0) / (costs[1]?.dollars ?? 0);
    const label = '1,000 instances ÷ 10';
    rows.push({ group, label, value: growth, unit: '×', target: TARGETS.fleetGrowth });
  }
  return rows;
}

async function costOf(
  size: number,
  pauseMs: number,
  compress: boolean,
): Promise<{ dollars: number; calls: number }> {
  const clock = new VirtualClock();
  const fleet = new FakeFleet({
    clock,
    faults: latencyModel(SEED),
    compress,
    lease: LONG_LEASE,
    // The pauses alone decide how many events share a record.
    maxRecordDelayMs: 0,
    size,
  });
  const agent = new PacedAgent(paceOf(clock, pauseMs));
  const members: FakeMember[] = [];
  for (let at = 0; at < size; at += 1) members.push(await clock.run(fleet.join(`i${at}`, agent)));

  const before = spent(fleet.aws);
  const busy = clock.now();
  await playAll(clock, agent, members);
  await clock.advance(QUIET_MS);
  const worked = spent(fleet.aws);
  // Measures the cost of idle instances over the same time.
  await clock.advance(clock.now() - busy);
  const idled = spent(fleet.aws);
  await clock.run(fleet.stop());

  const events = EVENTS_A_TASK * WATCHERS.length;
  const net = (of: 'calls' | 'microdollars') =>
    (worked[of] - before[of] - (idled[of] - worked[of])) / events;
  return { dollars: net('microdollars'), calls: net('calls') };
}

function paceOf(clock: VirtualClock, pauseMs: number): Pace {
  return { chunks: EVENTS_A_TASK, pause: () => sleep(clock, pauseMs) };
}

/**
 * Plays the tasks one after the other, each on another instance, with watchers that follow it to
 * its end.
 */
async function playAll(
  clock: VirtualClock,
  agent: PacedAgent,
  members: readonly FakeMember[],
): Promise<void> {
  const member = (at: number): FakeMember => members[at % members.length] as FakeMember;
  const followed: Promise<number>[] = [];
  for (const [at, watchers] of WATCHERS.entries()) {
    const id = await clock.run(beginTask(member(at).handler));
    for (let other = 1; other <= watchers; other += 1) {
      followed.push(chunksOf(member(at + other), id));
    }
  }
  // After this time the writers know the watchers.
  await clock.advance(2_000);
  agent.go();
  for (const chunks of await clock.run(Promise.all(followed))) {
    if (chunks !== EVENTS_A_TASK) throw new Error(`A tap gave ${chunks} events.`);
  }
}

async function chunksOf({ handler }: FakeMember, id: string): Promise<number> {
  let chunks = 0;
  for await (const { payload } of handler.resubscribe({ tenant: '', id }, callContext())) {
    if (payload?.$case === 'artifactUpdate') chunks += 1;
  }
  return chunks;
}
