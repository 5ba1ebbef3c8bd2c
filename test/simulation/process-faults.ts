import type { SeededRandom, SimulatedProcess } from '@a2a-aws/testkit/fakes';
import { planDoorbellLosses } from './doorbell-losses.ts';
import type { Fleet } from './fleet.ts';
import { Impostor } from './impostor.ts';

/** Faults, new clients and crashes happen up to this moment; milliseconds from the start. */
export const CHAOS_MS = 60_000;
/** Calls that decide something. A call that is listed several times is picked more often. */
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

/** Random faults of processes: crashes, pauses, changed clocks and lost connections. */
export class PlannedFaults {
  readonly #fleet: Fleet;
  readonly #losses: SeededRandom | undefined;
  crashes = 0;
  pauses = 0;

  /** `losses` decides which doorbells are lost; undefined: none is. */
  constructor(fleet: Fleet, losses: SeededRandom | undefined) {
    this.#fleet = fleet;
    this.#losses = losses;
  }

  /** Clients start `began` milliseconds from now. */
  plan(began: number): void {
    if (this.#fleet.random.percent(15)) this.#planImpostor(began);
    if (this.#losses) planDoorbellLosses(this.#fleet, this.#losses, began);
    this.#planProcessFaults(began);
    this.#planStepFaults(began);
    this.#planHotWrite(began);
  }

  crash(process: SimulatedProcess): void {
    this.crashes += 1;
    this.#fleet.crash(process);
  }

  pause(process: SimulatedProcess, ms: number): void {
    this.pauses += 1;
    process.pause(ms);
  }

  /** A sender without a key sends all kinds of messages to every queue. */
  #planImpostor(began: number): void {
    const { clock, random } = this.#fleet;
    const impostor = new Impostor(this.#fleet);
    for (let n = random.whole(5, 40); n > 0; n -= 1) {
      clock.after(began + random.whole(0, 15_000), () => impostor.act());
    }
  }

  #planProcessFaults(began: number): void {
    const { random, clock } = this.#fleet;
    const moment = (): number =>
      random.percent(70) ? began + random.whole(0, 12_000) : random.whole(0, 1_000);
    for (let n = random.whole(0, 2); n > 0; n -= 1) clock.after(moment(), () => this.#crashAny());
    for (let n = random.whole(0, 2); n > 0; n -= 1) {
      clock.after(moment(), () => this.#pauseAny(random.pick(PAUSES_MS)));
    }
    if (random.percent(20)) {
      clock.after(moment(), () => {
        const server = this.#any();
        if (server) this.#fleet.terminate(server, random.pick([0, 500, 10_000]));
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
        this.#fleet.partitions.push({
          process: server.process.name,
          service: random.pick(['dynamodb', 'sns', 'sqs']),
          until: Math.min(clock.now() + ms, clock.now() + CHAOS_MS),
        });
      });
    }
  }

  /** For a while, some remote calls crash or pause their caller. */
  #planStepFaults(began: number): void {
    const { random, clock } = this.#fleet;
    if (random.percent(40)) {
      this.#planHotCall(began);
      return;
    }
    const start = clock.now();
    const from = began + random.pick([-300, 0, 0, 500, 3_000, 9_000]);
    const share = 100 / random.pick([12, 40, 100]);
    let left = random.whole(1, 3);
    this.#fleet.onPoint = (process) => {
      const now = clock.now() - start;
      if (left === 0 || now < from || now > began + 16_000) return;
      if (process.isCrashed || process.isPaused || !random.percent(share)) return;
      left -= 1;
      if (random.percent(30)) this.crash(process);
      else this.pause(process, random.pick([300, 4_000, 13_000, 20_000, 30_000, 45_000]));
    };
  }

  /** Pauses the caller for longer than its lease, or crashes it, before or after one call of a kind. */
  #planHotCall(began: number): void {
    const { random, clock } = this.#fleet;
    const [point, operation] = [random.pick(['before', 'after']), random.pick(HOT_OPERATIONS)];
    const start = clock.now();
    let left = random.whole(1, 12);
    this.#fleet.onPoint = (process, at, called) => {
      if (clock.now() - start < began || at !== point || called !== operation) return;
      left -= 1;
      if (left !== 0) return;
      if (random.percent(20)) this.crash(process);
      else this.pause(process, random.pick([25_000, 30_000, 45_000]));
    };
  }

  /** Crashes or pauses the writer right after one of the important writes. */
  #planHotWrite(began: number): void {
    const { random, clock } = this.#fleet;
    const kind = random.pick(['pause', 'crash', 'none', 'pause', 'crash']);
    const start = clock.now();
    let left = random.whole(0, 30);
    this.#fleet.watch.onWrite = (caller, sk) => {
      if (clock.now() - start < began || !/^(event|run|task|watch)/.test(sk)) return;
      left -= 1;
      if (left !== 0 || kind === 'none') return;
      const server = this.#fleet.servers.find(({ process }) => process.name === caller);
      if (!server) return;
      if (kind === 'crash') this.crash(server.process);
      else this.pause(server.process, random.pick([13_000, 25_000, 45_000]));
    };
  }

  #any() {
    const [first, ...others] = this.#fleet.servers;
    return first && this.#fleet.random.pick([first, ...others]);
  }

  #crashAny(): void {
    const server = this.#any();
    if (server) this.crash(server.process);
  }

  #pauseAny(ms: number): void {
    const server = this.#any();
    if (server) this.pause(server.process, ms);
  }
}
