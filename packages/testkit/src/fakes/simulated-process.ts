import type { Clock } from '@a2a-aws/core';
import { operationOf } from './commands-client.ts';
import type { FakeClients } from './fake-aws.ts';
import type { SeededRandom } from './seeded-entropy.ts';

/** The error of a client whose server's process is gone. */
export class ConnectionLost extends Error {
  constructor() {
    super('The connection was lost.');
    this.name = 'ConnectionLost';
  }
}

/**
 * The point of a call at which a fault may hit a process: before it sends the call, or after the
 * answer has arrived.
 */
export type Point = 'before' | 'after';

/**
 * Called at every point, with the service's name of the operation and the input of the client's
 * command.
 */
export type OnPoint = (
  process: SimulatedProcess,
  point: Point,
  operation: string,
  input: unknown,
) => void;

export interface SimulatedProcessDeps {
  readonly name: string;
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly clients: FakeClients;
  /** How far its clock is from the others', in milliseconds. */
  readonly skewMs: number;
  /** Called at every remote call, twice: may crash or pause this process. */
  readonly onPoint: OnPoint;
}

/**
 * A server process as the code in it sees it: AWS clients, a clock, requests from outside. It can
 * crash: then its code stops, but calls that it has sent may still arrive. It can be paused, as by
 * SIGSTOP, which holds back timers, answers and requests.
 */
export class SimulatedProcess {
  readonly name: string;
  readonly clients: FakeClients;
  readonly clock: Clock;
  readonly #deps: SimulatedProcessDeps;
  readonly #crashed: Promise<never>;
  #lose: (error: Error) => void = () => {};
  #held: (() => void)[] = [];
  #isCrashed = false;
  #pausedUntil = 0;
  #jumpMs = 0;
  /** The sum of its pauses in milliseconds. No progress can be expected in that time. */
  pausedMs: number = 0;

  constructor(deps: SimulatedProcessDeps) {
    this.name = deps.name;
    this.#deps = deps;
    this.#crashed = new Promise<never>((_, reject) => {
      this.#lose = reject;
    });
    this.#crashed.catch(() => {});
    this.clock = {
      now: () => deps.clock.now() + deps.skewMs + this.#jumpMs,
      after: (ms, callback) => deps.clock.after(ms, () => this.#pass(callback)),
    };
    const { dynamodb, sns, sqs, polling } = deps.clients;
    this.clients = {
      dynamodb: this.#wrapped(dynamodb),
      sns: this.#wrapped(sns),
      sqs: this.#wrapped(sqs),
      polling: this.#wrapped(polling),
    };
  }

  get isCrashed(): boolean {
    return this.#isCrashed;
  }

  get isPaused(): boolean {
    return this.#deps.clock.now() < this.#pausedUntil;
  }

  get pausedUntil(): number {
    return this.#pausedUntil;
  }

  /** As kill -9. Its clients learn of it a little later. */
  crash(): void {
    if (this.#isCrashed) return;
    this.#isCrashed = true;
    this.#held = [];
    this.#deps.clock.after(this.#deps.random.whole(1, 200), () => this.#lose(new ConnectionLost()));
  }

  /** As SIGSTOP, and SIGCONT `ms` later. */
  pause(ms: number): void {
    const { clock } = this.#deps;
    if (this.#isCrashed || this.isPaused) return;
    this.#pausedUntil = clock.now() + ms;
    this.pausedMs += ms;
    clock.after(ms, () => this.#resume());
  }

  /** Its wall clock is set; timers do not care. */
  jump(ms: number): void {
    this.#jumpMs += ms;
  }

  /** A request from outside, whose answer may be lost with the process. */
  request<T>(work: () => Promise<T>): Promise<T> {
    return Promise.race([
      this.#reached()
        .then(work)
        .then((answer) => this.#told(answer)),
      this.#crashed,
    ]);
  }

  /** A request that is answered by a stream. */
  async *stream<T>(
    open: () => AsyncGenerator<T, void, undefined>,
  ): AsyncGenerator<T, void, undefined> {
    await Promise.race([this.#reached(), this.#crashed]);
    const items = open();
    try {
      for (;;) {
        const next = await Promise.race([
          items.next().then((item) => this.#told(item)),
          this.#crashed,
        ]);
        if (next.done) return;
        yield next.value;
      }
    } finally {
      // A client that left a process that is gone waits for nothing.
      if (!this.#isCrashed) void items.return(undefined);
    }
  }

  /** Resolves when the process has the request. */
  #reached(): Promise<void> {
    return new Promise((resolve) => this.#pass(resolve));
  }

  #told<T>(answer: T): Promise<T> {
    return new Promise((resolve) => this.#pass(() => resolve(answer)));
  }

  #pass(callback: () => void): void {
    if (this.#isCrashed) return;
    if (this.isPaused) this.#held.push(callback);
    else callback();
  }

  #resume(): void {
    const { clock, random } = this.#deps;
    for (const callback of this.#held.splice(0)) {
      clock.after(random.whole(0, 5), () => this.#pass(callback));
    }
  }

  #wrapped<C extends { send: unknown }>(client: C): C {
    const through = client.send as (...sent: unknown[]) => Promise<unknown>;
    const send = async (...sent: unknown[]): Promise<unknown> => {
      const command = sent[0] as { readonly input: unknown };
      const operation = operationOf(command);
      await this.#at('before', operation, command.input);
      const answer = await outcome(through(...sent));
      await this.#at('after', operation, command.input);
      return answer();
    };
    return { send } as unknown as C;
  }

  #at(point: Point, operation: string, input: unknown): Promise<void> | undefined {
    this.#deps.onPoint(this, point, operation, input);
    if (!this.#isCrashed && !this.isPaused) return undefined;
    return this.#reached();
  }
}

/** The outcome of a call, to be delivered later. */
async function outcome<T>(call: Promise<T>): Promise<() => T> {
  try {
    const answer = await call;
    return () => answer;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
