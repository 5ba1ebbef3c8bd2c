import type { Clock, Scope } from '@a2a-aws/core';
import { sleep } from '@a2a-aws/core/internal';
import type { SeededRandom, SimulatedProcess } from '@a2a-aws/testkit/fakes';
import {
  Message,
  type SendMessageRequest,
  type StreamResponse,
  Task,
  TaskState,
} from '@a2a-js/sdk';
import {
  RequestMalformedError,
  TaskNotCancelableError,
  UnsupportedOperationError,
} from '@a2a-js/sdk/errors';
import type { A2ARequestHandler } from '@a2a-js/sdk/server';
import { type Absence, ClientAbsence } from './client-absence.ts';
import { takeCursor, wrongCursors } from './cursor-of.ts';
import type { ExpectedTask, Violate } from './expected-task.ts';
import { ReaderCheck } from './reader-check.ts';
import { isRefusal, isRetryable, messageOf } from './simulated-answers.ts';
import {
  contextOf,
  messageIdOf,
  pushConfigOf,
  requestOf,
  resumableContextOf,
  type Send,
  sendContextOf,
} from './simulated-requests.ts';

/** A server that a client can reach. */
export interface Reachable {
  readonly process: SimulatedProcess;
  readonly handler: A2ARequestHandler;
  /** True while it is itself: not stopping, and not replaced since `instance` was asked. */
  readonly instance: () => string | undefined;
}

export interface ClientDeps {
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly violate: Violate;
  /** Returns a server that takes requests, as a load balancer would choose it. */
  readonly pick: () => Reachable | undefined;
  readonly expected: (scope: Scope, taskId: string) => ExpectedTask | undefined;
  /** Does not try again when a server fails. */
  readonly leaves?: boolean | undefined;
  /** Its connection is cut once, and it stays away for a while. */
  readonly absence?: Absence | undefined;
  /** The longest time for frames and cancels, for schedules without faults; milliseconds. */
  readonly promptMs?: number | undefined;
  /** The client's time per frame, in milliseconds. */
  readonly slowMs?: number | undefined;
}

/** The outcome of a client's exchange with the servers. */
export type Outcome = 'open' | 'done' | 'refused' | 'left' | 'gave-up';

/** The longest time from the end of the last run to a stream's end or an answer, in milliseconds. */
const PATIENCE_MS = 40_000;

/** A stream that was cut off. */
interface CutStream {
  readonly cursor: string;
  readonly check: ReaderCheck;
  /** The answer of the run, if the stream had it. */
  readonly message?: Message | undefined;
}

/** A client that goes to another server when one fails, and checks every answer. */
export class SimulatedClient {
  readonly name: string;
  readonly scope: Scope;
  outcome: Outcome = 'open';
  taskId: string | undefined;
  /** An answer confirmed that the message was accepted. */
  accepted = false;
  /** The number of failed requests. */
  failures = 0;
  doneAt: number | undefined;
  readonly #deps: ClientDeps;
  readonly #used = new Set<SimulatedProcess>();
  readonly #absence: ClientAbsence;
  #sleptMs = 0;
  #askedAt = 0;
  /** Where its stream was cut off. */
  #resumed: CutStream | undefined;
  /** Since when it has waited for a server; milliseconds. */
  #openedAt = 0;

  constructor(name: string, scope: Scope, deps: ClientDeps) {
    this.name = name;
    this.scope = scope;
    this.#deps = deps;
    this.#absence = new ClientAbsence(deps.absence, deps.clock);
  }

  get expected(): ExpectedTask | undefined {
    return this.taskId === undefined ? undefined : this.#deps.expected(this.scope, this.taskId);
  }

  /** The sum of its own pauses and those of the servers that it used; milliseconds. */
  get pausedMs(): number {
    return [...this.#used].reduce((sum, { pausedMs }) => sum + pausedMs, this.#sleptMs);
  }

  /** Sends a message, and follows its run to its result. */
  async send(named: Send): Promise<void> {
    const send = { ...named, messageId: messageIdOf(named.messageId) };
    const request = requestOf(send);
    this.#askedAt = this.#deps.clock.now();
    this.taskId ??= send.taskId;
    await this.#retryUntilDone(async (server) => {
      if (send.mode === 'stream') return this.#followSend(server, request, send);
      const context = contextOf(this.scope);
      const answer = await server.process.request(() =>
        server.handler.sendMessage(request, context),
      );
      this.#answered(answer, send);
      return true;
    });
  }

  /** Subscribes to a task until its stream ends for good. */
  async subscribe(taskId: string): Promise<void> {
    this.taskId = taskId;
    await this.#retryUntilDone((server) => this.#subscribeAt(server, taskId));
  }

  async setPush(taskId: string, config: string): Promise<void> {
    this.taskId = taskId;
    await this.#retryUntilDone(async (server) => {
      const context = contextOf(this.scope);
      await server.process.request(() =>
        server.handler.createTaskPushNotificationConfig(pushConfigOf(taskId, config), context),
      );
      return true;
    });
  }

  async cancel(taskId: string): Promise<void> {
    this.taskId = taskId;
    const asked = this.#deps.clock.now();
    await this.#retryUntilDone(async (server) => {
      const context = contextOf(this.scope);
      try {
        const task = await server.process.request(() =>
          server.handler.cancelTask({ tenant: '', id: taskId, metadata: undefined }, context),
        );
        this.#prompt(asked, 'a cancel');
        this.#mustBeView(task, 'the answer to a cancel');
        if (task.status?.state !== TaskState.TASK_STATE_CANCELED) {
          this.#violate('cancel', 'was answered by a task that is not canceled');
        }
        if (this.expected?.state !== TaskState.TASK_STATE_CANCELED) {
          this.#violate('cancel', 'was told CANCELED, the log says otherwise');
        }
      } catch (error) {
        if (!(error instanceof TaskNotCancelableError)) throw error;
        const { expected } = this;
        if (expected?.sealed !== true || expected.state === TaskState.TASK_STATE_CANCELED) {
          this.#violate('cancel', 'was told that a task cannot be canceled that can, or was');
        }
      }
      return true;
    });
  }

  /** Reads the task once: everything that was durable when it asked must be in the answer. */
  async read(taskId: string): Promise<void> {
    this.taskId = taskId;
    await this.#retryUntilDone(async (server) => {
      const known = this.expected?.views.length ?? 0;
      const context = contextOf(this.scope);
      const task = await server.process.request(() =>
        server.handler.getTask({ tenant: '', id: taskId }, context),
      );
      this.#mustBeView(task, 'a read', known - 1);
      return true;
    });
  }

  /** Repeats `work` until it is done, on another server after each failure. */
  async #retryUntilDone(work: (server: Reachable) => Promise<boolean>): Promise<void> {
    const { clock, random, pick } = this.#deps;
    for (let tries = 0; tries < 400; tries += 1) {
      const server = pick();
      if (server) {
        this.#used.add(server.process);
        try {
          if (await work(server)) {
            this.#finish('done');
            return;
          }
        } catch (error) {
          if (isRefusal(error)) {
            this.#finish('refused');
            return;
          }
          this.failures += 1;
          if (!isRetryable(error)) {
            this.#violate('error', `was told: ${String(error)}`);
            this.#finish('gave-up');
            return;
          }
          if (this.#deps.leaves) {
            this.#finish('left');
            return;
          }
          if (this.#absence.hasBegun) {
            const awayMs = await this.#absence.stay();
            this.#sleptMs += awayMs;
          }
        }
      }
      await sleep(clock, random.whole(10, 800));
    }
    this.#finish('gave-up');
  }

  /** Sends a cursor that the server must refuse, another one each time. */
  async #mustRefuseOthers(server: Reachable, taskId: string, cursor: string): Promise<void> {
    const wrong = wrongCursors(cursor);
    const at = (taskId.charCodeAt(0) + this.failures) % wrong.length;
    const context = resumableContextOf(this.scope, wrong[at]);
    const request = { tenant: '', id: taskId };
    const frames = server.process.stream(() => server.handler.resubscribe(request, context));
    try {
      for await (const _ of frames) break;
    } catch (error) {
      if (error instanceof RequestMalformedError) return;
      throw error;
    }
    this.#violate('I9', 'subscribed at a cursor that is not of this log');
  }

  async #followSend(server: Reachable, request: SendMessageRequest, send: Send): Promise<boolean> {
    // Every second time it continues where it was cut off, if it knows cursors.
    const resumed = this.failures % 2 === 1 ? this.#resumed : undefined;
    const name = `${this.name} (${send.messageId})`;
    const check =
      resumed?.check ??
      new ReaderCheck(name, this.#deps.violate, (task) => task.beganAt(task.runOf(send.messageId)));
    if (resumed) check.resume();
    else this.#resumed = undefined;
    const frames = server.process.stream(() =>
      resumed && this.taskId !== undefined
        ? server.handler.resubscribe(
            { tenant: '', id: this.taskId },
            resumableContextOf(this.scope, resumed.cursor),
          )
        : server.handler.sendMessageStream(request, sendContextOf(this.scope, send)),
    );
    let count = 0;
    let message = resumed?.message;
    for await (const frame of frames) {
      const cursor = takeCursor(frame);
      const said = messageOf(frame, this.expected?.answerOf(this.expected.runOf(send.messageId)));
      message = said ?? message;
      // A Message that comes as a status is not an event of the log.
      if (!said || frame.payload?.$case === 'message') await this.#seen(frame, check);
      if (cursor !== undefined) this.#resumed = { cursor, check, message };
      if (count === 0 && !resumed) this.#mustHaveBegun(send.messageId, check.generation);
      count += 1;
      if (count === send.leavesAfter) return true;
      this.#absence.countFrame();
    }
    if (check.isBroken) return true;
    const { expected } = this;
    const run = expected?.runOf(send.messageId);
    const result = expected?.resultOf(run);
    const answer = expected?.answerOf(run);
    if (message) {
      this.#mustBeAnswer(message, answer);
      return true;
    }
    // A subscription after the end gets the task as it is, and a gap ends with that.
    const isLater = count === 1 || resumed || check.hadGap;
    const stands = isLater && (check.generation ?? 0) >= (result ?? 0);
    if (result !== undefined && answer === undefined && (stands || check.generation === result)) {
      this.#late(expected);
      return true;
    }
    // A stream that ends early must fail.
    this.#violate('I3', `the stream of a send ended at ${check.generation}, not at ${result}`);
    return true;
  }

  async #subscribeAt(server: Reachable, taskId: string): Promise<boolean> {
    // Every second time it resumes where it was cut off.
    const resumed = this.failures % 2 === 1 ? this.#resumed : undefined;
    if (resumed) await this.#mustRefuseOthers(server, taskId, resumed.cursor);
    const context = resumableContextOf(this.scope, resumed?.cursor);
    const check = resumed?.check ?? new ReaderCheck(this.name, this.#deps.violate);
    if (resumed) check.resume();
    else this.#resumed = undefined;
    try {
      const request = { tenant: '', id: taskId };
      const frames = server.process.stream(() => server.handler.resubscribe(request, context));
      for await (const frame of frames) {
        const cursor = takeCursor(frame);
        await this.#seen(frame, check);
        if (cursor === undefined) this.#violate('I3', 'got a frame without a cursor');
        else this.#resumed = { cursor, check };
        this.#absence.countFrame();
      }
    } catch (error) {
      // The task waits for input: a client need not resume to learn that its stream is complete.
      if (isRetryable(error) && check.isAtEnd) return true;
      if (!(error instanceof UnsupportedOperationError)) throw error;
      if (this.expected?.sealed !== true)
        this.#violate('error', 'was told that a task ended that did not');
      return true;
    }
    if (check.isBroken) return true;
    const { expected } = this;
    if (check.isAtEnd) {
      if (expected?.sealed && check.generation === expected.generation) this.#late(expected);
      return true;
    }
    if (expected && check.mayEnd(expected)) return true;
    this.#violate('I3', `a subscription ended at ${check.generation} of ${expected?.generation}`);
    return true;
  }

  async #seen(frame: StreamResponse, check: ReaderCheck): Promise<void> {
    const { payload } = frame;
    this.accepted = true;
    if (payload?.$case === 'task') this.#isTask(payload.value.id);
    // The stream of a repeated message may begin with a gap.
    if (payload && payload.$case !== 'task') this.#isTask(payload.value.taskId);
    const isFirst = check.generation === undefined;
    check.got(frame, this.expected);
    const { clock, slowMs = 0 } = this.#deps;
    const durableAt = this.expected?.times[(check.generation ?? 0) - 1];
    if (!isFirst && durableAt !== undefined) this.#prompt(durableAt, 'a frame');
    if (slowMs > 0) {
      this.#sleptMs += slowMs;
      await sleep(clock, slowMs);
    }
  }

  /** Checks that an answer that became possible at `since` came soon, if there are no faults. */
  #prompt(since: number, what: string): void {
    const { clock, promptMs = Number.POSITIVE_INFINITY } = this.#deps;
    const late = clock.now() - Math.max(since, this.#openedAt);
    if (late > promptMs) this.#violate('late', `${what} took ${late} ms`);
  }

  #isTask(taskId: string): void {
    this.taskId ??= taskId;
    if (this.taskId !== taskId) this.#violate('I9', 'was told of another task');
    if (this.#openedAt === 0) this.#openedAt = this.#deps.clock.now();
  }

  #answered(answer: Message | Task, send: Send): void {
    this.accepted = true;
    this.#isTask('messageId' in answer ? answer.taskId : answer.id);
    const { expected } = this;
    const run = expected?.runOf(send.messageId);
    if ('messageId' in answer) {
      this.#mustBeAnswer(answer, expected?.answerOf(run));
      return;
    }
    this.#mustBeView(answer, 'the answer to a send');
    if (send.mode === 'immediate') {
      const text = JSON.stringify(Task.toJSON(answer));
      const at = expected?.views.findLast((view) => view.text === text)?.generation;
      this.#mustHaveBegun(send.messageId, at);
      return;
    }
    if (expected?.answerOf(run) !== undefined && expected.authOf(run) === undefined) {
      this.#violate('answer', 'is a task, its run came to a message');
    }
    const result = expected?.resultOf(run);
    const text = JSON.stringify(Task.toJSON(answer));
    const places = expected?.views
      .filter((view) => view.text === text)
      .map((view) => view.generation);
    const wanted = [result, expected?.authOf(run)].filter((generation) => generation !== undefined);
    if (!wanted.some((generation) => places?.includes(generation))) {
      this.#violate('answer', `is the task at ${places}, the result of its run is at ${wanted}`);
    }
    this.#late(expected);
    const authGeneration = expected?.times[(expected.authOf(run) ?? 0) - 1];
    if (authGeneration !== undefined) this.#lateSince(authGeneration);
  }

  /** Checks that an answer about a message's run is not older than its first event or result. */
  #mustHaveBegun(messageId: string, generation: number | undefined): void {
    const { expected } = this;
    const run = expected?.runOf(messageId);
    const begun = expected?.beganAt(run) ?? expected?.resultOf(run);
    if (generation === undefined || (begun !== undefined && generation >= begun)) return;
    this.#violate('answer', `begins at ${generation}, before its run, which begins at ${begun}`);
  }

  #mustBeAnswer(message: Message, answer: string | undefined): void {
    if (JSON.stringify(Message.toJSON(message)) === answer) this.#late(this.expected);
    else this.#violate('answer', 'is a message that its run did not come to');
  }

  #mustBeView(task: Task, what: string, from = 0): void {
    const text = JSON.stringify(Task.toJSON(task));
    const at = this.expected?.views.findLastIndex((view) => view.text === text) ?? -1;
    if (at === -1) this.#violate('answer', `${what} is a task that no log folds to`);
    else if (at < from) this.#violate('answer', `${what} is older than what was durable`);
  }

  /** Reports a violation if the last run ended too long ago. */
  #late(expected: ExpectedTask | undefined): void {
    if (expected?.restsSince !== undefined) this.#lateSince(expected.restsSince);
  }

  #lateSince(since: number): void {
    const late = this.#deps.clock.now() - Math.max(since, this.#askedAt) - this.pausedMs;
    if (late > PATIENCE_MS) this.#violate('I6', `was told ${late} ms after the end`);
  }

  #violate(law: string, text: string): void {
    this.#deps.violate(law, `${this.name}: ${text}`);
  }

  #finish(outcome: Outcome): void {
    this.outcome = outcome;
    this.doneAt = this.#deps.clock.now();
  }
}
