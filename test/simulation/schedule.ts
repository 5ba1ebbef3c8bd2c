import { createHash } from 'node:crypto';
// Before the backend.
import './zlib-in-turn.ts';
import { type Scope, silentLogger } from '@a2a-aws/core';
import { type FaultRates, NO_FAULTS, SOME_FAULTS } from '@a2a-aws/testkit/fakes';
import { scenarioOf } from './directed.ts';
import { Fleet } from './fleet.ts';
import { judgeLists } from './lists.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { randomScript } from './script.ts';
import { type ClientDeps, type Send, SimulatedClient } from './simulated-client.ts';
import { Stage } from './stage.ts';
import { storyOf } from './story.ts';
import { judge, judgePushes, judgeStop } from './verdict.ts';

/** Until then faults happen, clients come, processes die; milliseconds from the start. */
const CHAOS_MS = 60_000;
/** By then everything must have come to its end; a schedule in which it has sooner ends then. */
const END_MS = 270_000;
/** How often that is looked at. */
const LOOK_MS = 10_000;
/** Whoever hangs is cancelled then. */
const CANCELS_AT_MS = [62_000, 75_000, 90_000];
/** Clients that still follow a task that waits for them give it up then. */
const GIVE_UP_MS = 110_000;
const NAMES = ['A', 'B', 'C'];
const SCOPES = [
  { tenant: '', owner: 'ann' },
  { tenant: '', owner: 'bob' },
  { tenant: 'blue', owner: 'ann' },
] as const;
/** Calls that decide something, the likelier the more often they stand here. */
const HOT_OPERATIONS = [
  'PutItem',
  'PutItem',
  'PutItem',
  'UpdateItem',
  'UpdateItem',
  'DeleteItem',
  'GetItem',
  'Query',
  'Subscribe',
  'CreateQueue',
] as const;
const PAUSES_MS = [500, 5_000, 13_000, 25_000, 45_000] as const;

interface Violation {
  readonly law: string;
  readonly text: string;
}

/** What one schedule came to. */
export interface Played {
  readonly seed: number;
  readonly violations: readonly Violation[];
  /** Of a schedule that broke a law. */
  readonly story: readonly string[];
  /** Tells two plays of one seed apart if they are not the same. */
  readonly trace: string;
  readonly events: number;
  readonly crashes: number;
  readonly pauses: number;
}

const MESSAGES_LOST: FaultRates = { ...SOME_FAULTS, messagesLost: 60 };
const DOORBELL_DEAD: FaultRates = { ...SOME_FAULTS, messagesLost: 100 };

/** Plays the schedule of a seed, and judges all that happened in it. */
export async function playSchedule(seed: number): Promise<Played> {
  const violations: Violation[] = [];
  const violate = (law: string, text: string): void => {
    if (violations.length < 20) violations.push({ law, text });
  };
  const quiet = watchConsole(violate);
  try {
    const schedule = new Schedule(seed, violate);
    await schedule.play();
    await judge(schedule.fleet, schedule.clients, violate);
    if (schedule.pushes) judgePushes(schedule.fleet);
    await judgeLists(schedule.fleet, SCOPES, violate);
    await judgeStop(schedule.fleet, violate);
    const story = violations.length > 0 ? storyOf(schedule.fleet, schedule.clients) : [];
    return { seed, violations, story, ...schedule.counts(), trace: schedule.trace() };
  } catch (error) {
    violate('harness', error instanceof Error ? (error.stack ?? error.message) : String(error));
    return { seed, violations, story: [], trace: '', events: 0, crashes: 0, pauses: 0 };
  } finally {
    quiet();
  }
}

/** Nothing may be printed, and no promise may fail unheard: it would end the process. */
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

class Schedule {
  readonly fleet: Fleet;
  readonly clients: SimulatedClient[] = [];
  #messages = 0;
  #crashes = 0;
  #pauses = 0;

  constructor(seed: number, violate: (law: string, text: string) => void) {
    this.#scenario = scenarioOf(seed);
    this.fleet = new Fleet({
      seed,
      names: NAMES,
      violate,
      onOrphan: this.#scenario?.onOrphan ?? (seed % 2 === 0 ? 'fail' : 'resume'),
      logger: silentLogger,
      pushes: this.#scenario?.pushes ?? false,
      hearsAtOnce: this.#scenario?.rates === NO_FAULTS,
    });
    this.#violate = violate;
  }

  readonly #scenario: Scenario | undefined;
  readonly #violate: (law: string, text: string) => void;

  get pushes(): boolean {
    return this.#scenario?.pushes ?? false;
  }

  async play(): Promise<void> {
    const { fleet } = this;
    const { clock } = fleet;
    if (this.#scenario) this.#direct(this.#scenario);
    else this.#planAtRandom();
    const cancels = this.#scenario?.isPatient ? CANCELS_AT_MS.slice(-1) : CANCELS_AT_MS;
    for (const at of cancels) clock.after(at, () => this.#cancelHanging());
    clock.after(GIVE_UP_MS, () => this.#giveUp());
    await clock.advance(CHAOS_MS);
    fleet.rates = NO_FAULTS;
    fleet.onPoint = () => {};
    fleet.fate = () => undefined;
    fleet.watch.onWrite = () => {};
    const end = clock.now() + (this.#scenario?.endMs ?? END_MS) - CHAOS_MS;
    await clock.advance(this.#scenario?.restMs ?? LOOK_MS);
    while (clock.now() < end && !(await this.#rests())) await clock.advance(LOOK_MS);
  }

  /** True if nothing is left to be done, and all is as it must be at the end. */
  async #rests(): Promise<boolean> {
    const { servers } = this.fleet;
    const isUp = servers.every(({ process, instance }) => !process.isPaused && instance());
    if ((this.fleet.restarts && servers.length < NAMES.length) || !isUp) return false;
    if (this.clients.some(({ outcome }) => outcome === 'open')) return false;
    let isLeft = false;
    await judge(this.fleet, this.clients, () => {
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
    this.#planClients(began);
    this.#planDeaths(began);
    this.#planStepFaults(began);
    this.#planHotWrite(began);
  }

  #direct({ rates, play }: Scenario): void {
    this.fleet.rates = rates;
    const stage = new Stage({
      fleet: this.fleet,
      client: (kind, more, scope = SCOPES[0]) => this.#client(kind, scope, more),
      violate: this.#violate,
      crash: (process) => this.#crash(process),
      pause: (process, ms) => this.#pause(process, ms),
    });
    play(stage).catch((error: unknown) => {
      this.#violate('harness', error instanceof Error ? (error.stack ?? '') : String(error));
    });
  }

  counts(): { events: number; crashes: number; pauses: number } {
    let events = 0;
    for (const truth of this.fleet.watch.tasks.values()) events += truth.generation;
    return { events, crashes: this.#crashes, pauses: this.#pauses };
  }

  trace(): string {
    const { meter } = this.fleet.aws;
    const logs = [...this.fleet.watch.tasks.values()].map(({ records }) =>
      records.map(({ id, time, body }) => [id, time, body]),
    );
    const doneAt = this.clients.map((client) => client.doneAt);
    // Its text may have megabytes, which every schedule would have to send from its thread.
    return createHash('sha256')
      .update(JSON.stringify([logs, [...meter.entries()], doneAt]))
      .digest('hex');
  }

  #planClients(began: number): void {
    const { random, clock } = this.fleet;
    const main = this.#first(SCOPES[0], began);
    const whenKnown = (at: number, then: (taskId: string) => void): void => {
      clock.after(at, () => {
        const { taskId, truth } = main;
        if (taskId !== undefined && truth?.hasTask) then(taskId);
      });
    };
    for (let n = random.whole(0, 3); n > 0; n -= 1) {
      whenKnown(began + random.whole(0, 15_000), (taskId) => {
        void this.#client('tap', SCOPES[0]).subscribe(taskId);
      });
    }
    for (let n = random.whole(0, 2); n > 0; n -= 1) {
      whenKnown(began + random.whole(100, 20_000), (taskId) => {
        this.#send(SCOPES[0], { taskId, contextId: 'context-1' });
        if (random.percent(30)) this.#send(SCOPES[0], { taskId, contextId: 'context-1' });
      });
    }
    for (let n = random.whole(0, 2); n > 0; n -= 1) {
      whenKnown(began + random.whole(0, 20_000), (taskId) => {
        void this.#client('read', SCOPES[0]).read(taskId);
      });
    }
    if (random.percent(35)) {
      whenKnown(began + random.whole(5, 12_000), (taskId) => {
        void this.#client('cancel', SCOPES[0]).cancel(taskId);
      });
    }
    if (random.percent(20)) this.#first(SCOPES[1], began + random.whole(0, 5_000));
  }

  /** A new task. */
  #first(scope: Scope, at: number): SimulatedClient {
    const client = this.#client('send', scope);
    this.fleet.clock.after(at, () => this.#send(scope, { contextId: 'context-1' }, client));
    return client;
  }

  #send(
    scope: Scope,
    to: Pick<Send, 'taskId' | 'contextId'>,
    client: SimulatedClient = this.#client('send', scope),
  ): void {
    const { random, clock } = this.fleet;
    const send: Send = {
      ...to,
      messageId: `message-${++this.#messages}`,
      script: randomScript(random),
      mode: random.pick(['stream', 'stream', 'blocking', 'immediate']),
      leavesAfter: random.percent(15) ? random.whole(1, 4) : undefined,
    };
    void client.send(send);
    // The same message again, as after a time-out: no second run.
    if (random.percent(30)) {
      const again = this.#client('again', scope);
      clock.after(random.whole(50, 4_000), () => {
        void again.send({
          ...send,
          mode: random.pick(['stream', 'blocking']),
          leavesAfter: undefined,
        });
      });
    }
  }

  #client(kind: string, scope: Scope, more: Partial<ClientDeps> = {}): SimulatedClient {
    const { clock, random } = this.fleet;
    const client = new SimulatedClient(`${kind} ${this.clients.length}`, scope, {
      clock,
      random: random.fork(),
      violate: this.#violate,
      pick: () => this.fleet.pick(),
      truth: (of, taskId) => this.fleet.truth(of, taskId),
      ...more,
    });
    this.clients.push(client);
    return client;
  }

  #planDeaths(began: number): void {
    const { random, clock } = this.fleet;
    const moment = (): number =>
      random.percent(70) ? began + random.whole(0, 12_000) : random.whole(0, 1_000);
    for (let n = random.whole(0, 2); n > 0; n -= 1) clock.after(moment(), () => this.#crashAny());
    for (let n = random.whole(0, 2); n > 0; n -= 1) {
      clock.after(moment(), () => this.#pauseAny(random.pick(PAUSES_MS)));
    }
    if (random.percent(20)) {
      clock.after(moment(), () => {
        const server = this.#any();
        if (server) this.fleet.terminate(server, random.pick([0, 500, 10_000]));
      });
    }
    if (random.percent(20)) {
      clock.after(moment(), () =>
        this.#any()?.process.jump(random.pick([-3_600_000, 60_000, 3_600_000])),
      );
    }
    if (random.percent(25)) {
      clock.after(moment(), () => {
        const server = this.#any();
        if (!server) return;
        const ms = random.pick([2_000, 10_000, 30_000]);
        this.fleet.partitions.push({
          process: server.process.name,
          service: random.pick(['dynamodb', 'sns', 'sqs']),
          until: Math.min(clock.now() + ms, clock.now() + CHAOS_MS),
        });
      });
    }
  }

  /** At some of the remote calls of a while the caller dies, or stands still for long. */
  #planStepFaults(began: number): void {
    const { random, clock } = this.fleet;
    if (random.percent(40)) {
      this.#planHotCall(began);
      return;
    }
    const start = clock.now();
    const from = began + random.pick([-300, 0, 0, 500, 3_000, 9_000]);
    const share = 100 / random.pick([12, 40, 100]);
    let left = random.whole(1, 3);
    this.fleet.onPoint = (process) => {
      const now = clock.now() - start;
      if (left === 0 || now < from || now > began + 16_000) return;
      if (process.isCrashed || process.isPaused || !random.percent(share)) return;
      left -= 1;
      if (random.percent(30)) this.#crash(process);
      else this.#pause(process, random.pick([300, 4_000, 13_000, 20_000, 30_000, 45_000]));
    };
  }

  /** Before or after one call of a kind its caller stands still for longer than its lease, or dies. */
  #planHotCall(began: number): void {
    const { random, clock } = this.fleet;
    const [point, operation] = [random.pick(['before', 'after']), random.pick(HOT_OPERATIONS)];
    const start = clock.now();
    let left = random.whole(1, 12);
    this.fleet.onPoint = (process, at, called) => {
      if (clock.now() - start < began || at !== point || called !== operation) return;
      left -= 1;
      if (left !== 0) return;
      if (random.percent(20)) this.#crash(process);
      else this.#pause(process, random.pick([25_000, 30_000, 45_000]));
    };
  }

  /** Right after one of the writes that matter, its writer dies or stands still. */
  #planHotWrite(began: number): void {
    const { random, clock } = this.fleet;
    const kind = random.pick(['pause', 'crash', 'none', 'pause', 'crash']);
    const start = clock.now();
    let left = random.whole(0, 30);
    this.fleet.watch.onWrite = (caller, sk) => {
      if (clock.now() - start < began || !/^(event|run|task|watch)/.test(sk)) return;
      left -= 1;
      if (left !== 0 || kind === 'none') return;
      const server = this.fleet.servers.find(({ process }) => process.name === caller);
      if (!server) return;
      if (kind === 'crash') this.#crash(server.process);
      else this.#pause(server.process, random.pick([13_000, 25_000, 45_000]));
    };
  }

  /** Somebody loses patience with what does not end by itself. */
  #cancelHanging(): void {
    if (this.fleet.servers.length === 0) return;
    for (const truth of this.fleet.watch.tasks.values()) {
      const { scope, taskId } = truth;
      if (!truth.hasTask || truth.sealed || truth.openRuns.length === 0) continue;
      if (
        this.clients.some(
          (one) => one.name.startsWith('cancel') && one.taskId === taskId && one.outcome === 'open',
        )
      )
        continue;
      void this.#client('cancel', scope).cancel(taskId);
    }
  }

  /** A tap that was opened on a task at rest follows it until somebody ends it. */
  #giveUp(): void {
    if (this.fleet.servers.length === 0) return;
    for (const { outcome, taskId, scope, truth } of [...this.clients]) {
      if (outcome !== 'open' || taskId === undefined || truth?.sealed !== false) continue;
      void this.#client('cancel', scope).cancel(taskId);
    }
  }

  #any() {
    const [first, ...others] = this.fleet.servers;
    return first && this.fleet.random.pick([first, ...others]);
  }

  #crashAny(): void {
    const server = this.#any();
    if (server) this.#crash(server.process);
  }

  #pauseAny(ms: number): void {
    const server = this.#any();
    if (server) this.#pause(server.process, ms);
  }

  #crash(process: Parameters<Fleet['crash']>[0]): void {
    this.#crashes += 1;
    this.fleet.crash(process);
  }

  #pause(process: Parameters<Fleet['crash']>[0], ms: number): void {
    this.#pauses += 1;
    process.pause(ms);
  }
}
