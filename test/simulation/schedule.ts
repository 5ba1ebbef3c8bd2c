import { createHash } from 'node:crypto';
import type { Scope } from '@a2a-aws/core';
import { type FaultRates, NO_FAULTS, SeededRandom, SOME_FAULTS } from '@a2a-aws/testkit/fakes';
import { checkEnd, checkPushes, checkStop } from './final-checks.ts';
import { ACCEPTS, Fleet } from './fleet.ts';
import { checkLists } from './lists.ts';
import { CHAOS_MS, PlannedFaults } from './process-faults.ts';
import { RandomClients } from './random-clients.ts';
import { ScenarioDriver } from './scenario-driver.ts';
import { scenarioOf } from './scenario-seeds.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { type ClientDeps, SimulatedClient } from './simulated-client.ts';
import { transcriptOf } from './transcript.ts';

/** Everything must be done by then; a schedule ends sooner if it is. Milliseconds. */
const END_MS = 270_000;
/** The interval of that check, in milliseconds. */
const CHECK_MS = 10_000;
/** Hanging tasks are cancelled at these times; milliseconds. */
const CANCELS_AT_MS = [62_000, 75_000, 90_000];
/** Clients that still follow a task that waits for input give up then; milliseconds. */
const GIVE_UP_MS = 110_000;
const NAMES = ['A', 'B', 'C'];
const SCOPES = [
  { tenant: '', owner: 'ann' },
  { tenant: '', owner: 'bob' },
  { tenant: 'blue', owner: 'ann' },
] as const;

interface Violation {
  readonly law: string;
  readonly text: string;
}

/** The result of one schedule. */
export interface Played {
  readonly seed: number;
  readonly violations: readonly Violation[];
  /** The course of events, if the schedule broke a law. */
  readonly transcript: readonly string[];
  /** A digest of the course of events: equal for equal plays of a seed. */
  readonly trace: string;
  readonly events: number;
  readonly crashes: number;
  readonly pauses: number;
}

const MESSAGES_LOST: FaultRates = { ...SOME_FAULTS, messagesLost: 60 };
const DOORBELL_DEAD: FaultRates = { ...SOME_FAULTS, messagesLost: 100 };

/** Plays the schedule of a seed, and checks everything that happened in it. */
export async function playSchedule(seed: number): Promise<Played> {
  const violations: Violation[] = [];
  const violate = (law: string, text: string): void => {
    if (violations.length < 20) violations.push({ law, text });
  };
  const quiet = watchConsole(violate);
  try {
    const schedule = new Schedule(seed, violate);
    await schedule.play();
    await checkEnd(schedule.fleet, schedule.clients, violate);
    if (schedule.pushes) checkPushes(schedule.fleet);
    await checkLists(schedule.fleet, SCOPES, violate);
    await checkStop(schedule.fleet, violate);
    const transcript = violations.length > 0 ? transcriptOf(schedule.fleet, schedule.clients) : [];
    return { seed, violations, transcript, ...schedule.counts(), trace: schedule.trace() };
  } catch (error) {
    violate('harness', error instanceof Error ? (error.stack ?? error.message) : String(error));
    return { seed, violations, transcript: [], trace: '', events: 0, crashes: 0, pauses: 0 };
  } finally {
    quiet();
  }
}

/** Reports console output and unhandled rejections, which would end a process, as violations. */
function watchConsole(violate: (law: string, text: string) => void): () => void {
  const { error, warn } = console;
  const printed = (...words: unknown[]): void => violate('console', words.map(String).join(' '));
  const unheard = (reason: unknown): void =>
    violate('unheard', String((reason as Error)?.stack ?? reason));
  console.error = printed;
  console.warn = printed;
  process.on('unhandledRejection', unheard);
  return () => {
    Object.assign(console, { error, warn });
    process.off('unhandledRejection', unheard);
  };
}

/** One in five schedules loses doorbells. The others remain as they were before losses existed. */
function lossesOf(seed: number): SeededRandom | undefined {
  return seed % 5 === 3 ? new SeededRandom(-seed) : undefined;
}

class Schedule {
  readonly fleet: Fleet;
  readonly clients: SimulatedClient[] = [];

  constructor(seed: number, violate: (law: string, text: string) => void) {
    this.#scenario = scenarioOf(seed);
    this.fleet = new Fleet({
      seed,
      names: NAMES,
      violate,
      onOrphan: this.#scenario?.onOrphan ?? (seed % 2 === 0 ? 'fail' : 'resume'),
      pushes: this.#scenario?.pushes ?? false,
      hearsAtOnce: this.#scenario?.rates === NO_FAULTS,
    });
    this.#violate = violate;
    this.#faults = new PlannedFaults(this.fleet, lossesOf(seed));
  }

  readonly #scenario: Scenario | undefined;
  readonly #faults: PlannedFaults;
  readonly #violate: (law: string, text: string) => void;

  get pushes(): boolean {
    return this.#scenario?.pushes ?? false;
  }

  async play(): Promise<void> {
    const { fleet } = this;
    const { clock } = fleet;
    if (this.#scenario) this.#playScenario(this.#scenario);
    else this.#planAtRandom();
    const cancels = this.#scenario?.isPatient ? CANCELS_AT_MS.slice(-1) : CANCELS_AT_MS;
    for (const at of cancels) clock.after(at, () => this.#cancelHanging());
    clock.after(GIVE_UP_MS, () => this.#giveUp());
    await clock.advance(CHAOS_MS);
    fleet.rates = NO_FAULTS;
    fleet.receiverMood = () => ACCEPTS;
    fleet.onPoint = () => {};
    fleet.callOutcome = () => undefined;
    fleet.watch.onWrite = () => {};
    const end = clock.now() + (this.#scenario?.endMs ?? END_MS) - CHAOS_MS;
    await clock.advance(this.#scenario?.restMs ?? CHECK_MS);
    while (clock.now() < end && !(await this.#isDone())) await clock.advance(CHECK_MS);
  }

  /** Returns whether everything is done, and the final checks pass. */
  async #isDone(): Promise<boolean> {
    const { servers, tables } = this.fleet;
    const all = tables.flatMap((table) => table.servers);
    const isUp = all.every(({ process, instance }) => !process.isPaused && instance());
    if ((this.fleet.restarts && servers.length < NAMES.length) || !isUp) return false;
    if (this.clients.some(({ outcome }) => outcome === 'open')) return false;
    let isLeft = false;
    await checkEnd(this.fleet, this.clients, () => {
      isLeft = true;
    });
    this.fleet.pushes.checkEnd(() => {
      isLeft = true;
    });
    return !isLeft;
  }

  #planAtRandom(): void {
    const { random } = this.fleet;
    this.fleet.rates = random.pick([
      NO_FAULTS,
      SOME_FAULTS,
      SOME_FAULTS,
      MESSAGES_LOST,
      DOORBELL_DEAD,
    ]);
    const began = random.whole(200, 1_500);
    new RandomClients(this.fleet, (kind, scope) => this.#client(kind, scope)).plan(began, SCOPES);
    this.#faults.plan(began);
  }

  #playScenario({ rates, play }: Scenario): void {
    this.fleet.rates = rates;
    const driver = new ScenarioDriver({
      fleet: this.fleet,
      client: (kind, more, scope = SCOPES[0]) => this.#client(kind, scope, more),
      violate: this.#violate,
      crash: (process) => this.#faults.crash(process),
      pause: (process, ms) => this.#faults.pause(process, ms),
    });
    play(driver).catch((error: unknown) => {
      this.#violate('harness', error instanceof Error ? (error.stack ?? '') : String(error));
    });
  }

  counts(): { events: number; crashes: number; pauses: number } {
    let events = 0;
    for (const expected of this.fleet.watch.tasks.values()) events += expected.generation;
    const { crashes, pauses } = this.#faults;
    return { events, crashes, pauses };
  }

  trace(): string {
    const { meter } = this.fleet.aws;
    const logs = [...this.fleet.watch.tasks.values()].map(({ records }) =>
      records.map(({ id, time, body }) => [id, time, body]),
    );
    const doneAt = this.clients.map((client) => client.doneAt);
    // The text may have megabytes, and each schedule sends its trace to the main thread.
    return createHash('sha256')
      .update(JSON.stringify([logs, [...meter.entries()], doneAt]))
      .digest('hex');
  }

  #client(kind: string, scope: Scope, more: Partial<ClientDeps> = {}): SimulatedClient {
    const { clock, random } = this.fleet;
    const client = new SimulatedClient(`${kind} ${this.clients.length}`, scope, {
      clock,
      random: random.fork(),
      violate: this.#violate,
      pick: () => this.fleet.pick(),
      expected: (of, taskId) => this.fleet.expected(of, taskId),
      ...more,
    });
    this.clients.push(client);
    return client;
  }

  /** Cancels tasks that do not end by themselves. */
  #cancelHanging(): void {
    if (this.fleet.servers.length === 0) return;
    for (const expected of this.fleet.watch.tasks.values()) {
      const { scope, taskId } = expected;
      if (!expected.hasTask || expected.sealed || expected.openRuns.length === 0) continue;
      if (
        this.clients.some(
          (one) => one.name.startsWith('cancel') && one.taskId === taskId && one.outcome === 'open',
        )
      )
        continue;
      void this.#client('cancel', scope).cancel(taskId);
    }
  }

  /** Cancels tasks that clients still follow: a tap on an idle task stays open until the task ends. */
  #giveUp(): void {
    if (this.fleet.servers.length === 0) return;
    for (const { outcome, taskId, scope, expected } of [...this.clients]) {
      if (outcome !== 'open' || taskId === undefined || expected?.sealed !== false) continue;
      void this.#client('cancel', scope).cancel(taskId);
    }
  }
}
