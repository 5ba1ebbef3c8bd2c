import type { Scope } from '@a2a-aws/core';
import { sleep } from '@a2a-aws/core/internal';
import type { CallOutcome, FakeCall, SeededRandom, SimulatedProcess } from '@a2a-aws/testkit/fakes';
import type { Violate } from './expected-task.ts';
import type { Fleet } from './fleet.ts';
import { PROVEN_MS } from './limits.ts';
import { plainScript, type Script } from './script.ts';
import type { ClientDeps, SimulatedClient } from './simulated-client.ts';
import type { Send } from './simulated-requests.ts';
import { askAsStranger } from './stranger.ts';
import { StuckReader } from './stuck-reader.ts';

export interface ScenarioDriverDeps {
  readonly fleet: Fleet;
  readonly client: (kind: string, more: Partial<ClientDeps>, scope?: Scope) => SimulatedClient;
  readonly violate: Violate;
  readonly crash: (process: SimulatedProcess) => void;
  readonly pause: (process: SimulatedProcess, ms: number) => void;
}

/** Options of a scenario's client. */
export interface ClientOptions
  extends Pick<ClientDeps, 'leaves' | 'absence' | 'promptMs' | 'slowMs'> {
  /** Sends its requests to any server but this one. */
  readonly avoid?: SimulatedProcess | undefined;
  /** Its answers may be forged, so they are not checked. */
  readonly isFooled?: boolean | undefined;
  /** @default the first owner */
  readonly scope?: Scope | undefined;
  /** Sends its requests to this server. */
  readonly at?: SimulatedProcess | undefined;
}

export interface SendOptions extends ClientOptions, Pick<Send, 'pushes'> {
  readonly mode?: Send['mode'];
  readonly taskId?: string;
  readonly messageId?: string;
  readonly leavesAfter?: number;
}

/** How long a scenario waits for a condition, in milliseconds. */
const LONGEST_WAIT_MS = 50_000;

/** Controls the clients of a scenario, and the faults of servers and their calls. */
export class ScenarioDriver {
  readonly fleet: Fleet;
  readonly #deps: ScenarioDriverDeps;
  #messages = 0;

  constructor(deps: ScenarioDriverDeps) {
    this.fleet = deps.fleet;
    this.#deps = deps;
  }

  get violate(): Violate {
    return this.#deps.violate;
  }

  get random(): SeededRandom {
    return this.fleet.random;
  }

  sleep(ms: number): Promise<void> {
    return sleep(this.fleet.clock, ms);
  }

  /** Waits until `known` returns a value, and returns that; undefined after `longestMs`. */
  async until<T>(
    known: () => T | undefined | false,
    longestMs = LONGEST_WAIT_MS,
  ): Promise<T | undefined> {
    for (let waited = 0; waited < longestMs; waited += 20) {
      const found = known();
      if (found) return found;
      await this.sleep(20);
    }
    return undefined;
  }

  /** Reports a violation of `law` with `text` unless `known` holds within `ms` milliseconds. */
  async expect(law: string, text: string, ms: number, known: () => boolean): Promise<void> {
    if (!(await this.until(known, ms))) this.#deps.violate(law, text);
  }

  /** Reports a violation unless another instance resumes a lost run of this client's message. */
  resumed(client: SimulatedClient): Promise<void> {
    return this.expect('retry', 'A run that may be resumed was not.', LONGEST_WAIT_MS, () =>
      [...(client.expected?.runs.values() ?? [])].some((run) => run.resumedBy !== undefined),
    );
  }

  /** Waits until an item is written whose sort key begins with `begins`. */
  async written(begins: string): Promise<void> {
    const { watch } = this.fleet;
    let isWritten = false;
    watch.onWrite = (_, sk) => {
      isWritten ||= sk.startsWith(begins);
    };
    await this.until(() => isWritten);
  }

  /** Sends a message as soon as a server is ready. */
  send(script: Script, options: SendOptions = {}): SimulatedClient {
    const { mode = 'stream', taskId, leavesAfter, pushes } = options;
    const { messageId = `message-${++this.#messages}` } = options;
    const client = this.#client('send', options);
    void client.send({
      messageId,
      contextId: 'context-1',
      taskId,
      script,
      mode,
      leavesAfter,
      pushes,
    });
    return client;
  }

  subscribe(taskId: string, options: ClientOptions = {}): SimulatedClient {
    const client = this.#client('tap', options);
    void client.subscribe(taskId);
    return client;
  }

  cancel(taskId: string, options: ClientOptions = {}): void {
    void this.#client('cancel', options).cancel(taskId);
  }

  /** Sets a push configuration of a task, as soon as a server takes it. */
  setPush(taskId: string, config: string, options: ClientOptions = {}): void {
    void this.#client('push', options).setPush(taskId, config);
  }

  read(taskId: string, options: ClientOptions = {}): void {
    void this.#client('read', options).read(taskId);
  }

  /** Subscribes at this server, reads one frame, and then stops reading. */
  async getStuck(client: SimulatedClient, at: SimulatedProcess): Promise<StuckReader> {
    const server = this.fleet.servers.find(({ process }) => process === at);
    if (!server || client.taskId === undefined) throw new Error('There is no such server or task.');
    const { scope } = client;
    const expected = () => client.expected;
    const reader = new StuckReader(client.taskId, {
      server,
      scope,
      expected,
      violate: this.violate,
    });
    await reader.begin();
    return reader;
  }

  /** Asks for the task as an owner to whom it does not belong. */
  askAsStranger(taskId: string, stranger: Scope): Promise<void> {
    const { clock } = this.fleet;
    return askAsStranger(stranger, taskId, {
      clock,
      violate: this.violate,
      pick: () => this.fleet.pick(),
    });
  }

  /** Returns the id of a client's task once its first event is durable. */
  async task(client: SimulatedClient): Promise<string> {
    const taskId = await this.until(() => client.expected?.hasTask && client.taskId);
    if (!taskId) throw new Error('There is no task.');
    return taskId;
  }

  /** Returns the process of the first open run of a client's task. */
  async runner(client: SimulatedClient): Promise<SimulatedProcess> {
    const found = await this.until(() => {
      const run = client.expected?.openRuns[0];
      return this.fleet.servers.find((server) => run && server.instance() === run.instance);
    });
    if (!found) throw new Error('The task has no open run.');
    return found.process;
  }

  /** Returns a process whose doorbell is confirmed, so that it seldom reads by itself. */
  async confirmedProcess(): Promise<SimulatedProcess> {
    const sent = this.send(plainScript('HANGS'), { mode: 'immediate' });
    await this.task(sent);
    const found = await this.runner(sent);
    await this.sleep(PROVEN_MS);
    return found;
  }

  crash(process: SimulatedProcess): void {
    this.#deps.crash(process);
  }

  pause(process: SimulatedProcess, ms: number): void {
    this.#deps.pause(process, ms);
  }

  /** Sets the outcome of the next `times` calls that match. */
  setCallOutcome(matches: (call: FakeCall) => boolean, outcome: CallOutcome, times = 1): void {
    let left = times;
    this.fleet.callOutcome = (call) => {
      if (left === 0 || !matches(call)) return undefined;
      left -= 1;
      return outcome;
    };
  }

  #client(kind: string, { avoid, at, scope, isFooled, ...more }: ClientOptions): SimulatedClient {
    const pick = () =>
      at ? this.fleet.servers.find(({ process }) => process === at) : this.fleet.pick(avoid);
    const violations = isFooled ? { violate: () => {} } : {};
    return this.#deps.client(kind, { ...more, ...violations, pick }, scope);
  }
}
