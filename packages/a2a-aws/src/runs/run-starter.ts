import {
  BackendError,
  type Clock,
  type Entropy,
  type Logger,
  type Scope,
  type TaskKey,
} from '@a2a-aws/core';
import {
  errorFields,
  type Instance,
  isGeneration,
  isUsed,
  type OpenLog,
  type Resumption,
  type RetryRule,
  retriedRun,
  taskFields,
  withTimeout,
} from '@a2a-aws/core/internal';
import type { Message, SendMessageRequest } from '@a2a-js/sdk';
import {
  RequestMalformedError,
  TaskNotFoundError,
  UnsupportedOperationError,
} from '@a2a-js/sdk/errors';
import type { RequestContext, ServerCallContext } from '@a2a-js/sdk/server';
import { connectionOf } from '../connections/connection.ts';
import { generationMismatch } from '../generations/generation-mismatch.ts';
import { GenerationTerms } from '../generations/generation-terms.ts';
import type { RunGate } from '../overload/run-gate.ts';
import { derivedTaskId, messageDigest } from './message-digest.ts';
import { recordedRequest } from './recorded-request.ts';
import { type RetryDetection, retryRule } from './retry-detection.ts';
import type { RunDriver } from './run-driver.ts';
import { RunScope, type Started } from './run-scope.ts';

/** A message on its way: whose run to follow, and in which log; release it when done. */
export interface Sent {
  readonly open: OpenLog;
  readonly run: string;
  /** The life of this process that has the log open. */
  readonly instance: Instance;
  /** Aborts when that instance sends its waiting callers away. */
  readonly signal: AbortSignal;
  readonly release: () => void;
}

/** How long a send waits for its run to start, in milliseconds. */
const START_DEADLINE_MS = 15_000;

export interface RunStarterDeps {
  readonly instance: () => Instance;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  readonly scopeOf: (context: ServerCallContext) => Scope;
  readonly retryDetection: RetryDetection;
  readonly gate: Pick<RunGate, 'enter'>;
}

/** A message, with all that is known of it before its log is. */
interface Sending {
  readonly params: SendMessageRequest;
  readonly message: Message;
  readonly context: ServerCallContext;
  readonly instance: Instance;
  readonly digest: string;
  readonly retry: RetryRule;
  /** The message starts a run only if its task has this generation. */
  readonly ifMatch: number | undefined;
}

/** Resolves with the SDK's context of a message that is valid. Rejects with the SDK's error otherwise. */
export type RequestContextFor = (
  scope: RunScope,
  context: ServerCallContext,
) => Promise<RequestContext>;

/** Turns a message into a run in its task's log. */
export class RunStarter {
  readonly #driver: Pick<RunDriver, 'drive'>;
  readonly #requestContextFor: RequestContextFor;
  readonly #deps: RunStarterDeps;

  constructor(
    driver: Pick<RunDriver, 'drive'>,
    requestContextFor: RequestContextFor,
    deps: RunStarterDeps,
  ) {
    this.#driver = driver;
    this.#requestContextFor = requestContextFor;
    this.#deps = deps;
  }

  /**
   * Starts a run for the message, or finds the one that the same message has started before. A
   * message without a task begins one: where its id was used before, in a log with a fresh id.
   *
   * Rejects with `overloaded` if this instance has too much work to start another run.
   */
  async start(params: SendMessageRequest, context: ServerCallContext): Promise<Sent> {
    const { message } = params;
    if (!message?.messageId) throw new RequestMalformedError('message.messageId is required.');
    if (!message.contextId.isWellFormed()) {
      throw new RequestMalformedError('message.contextId is not well-formed Unicode.');
    }
    const instance = this.#deps.instance();
    instance.assertReady();
    const scope = this.#deps.scopeOf(context);
    const digest = messageDigest(message);
    const retry = retryRule(this.#deps.retryDetection, message.messageId);
    const { ifMatch } = new GenerationTerms(context, connectionOf(context));
    if (ifMatch !== undefined && !message.taskId) {
      throw new RequestMalformedError('ifGenerationMatch needs message.taskId.');
    }
    const sending = { params, message, context, instance, digest, retry, ifMatch };
    const asked = retry === 'always' ? undefined : params;
    const taskId = message.taskId || derivedTaskId(scope, message, digest, asked);
    const key = { ...scope, taskId };
    if (isStartedHere(sending, key)) return this.#begin(sending, key);
    return this.#deps.gate.enter(instance.handoffSignal, () => {
      instance.assertReady();
      return this.#begin(sending, key);
    });
  }

  async #begin(sending: Sending, key: TaskKey): Promise<Sent> {
    const sent = await this.#send(sending, key);
    if (sent) return sent;
    const fresh = await this.#send(sending, { ...key, taskId: this.#deps.entropy.id() });
    if (!fresh) throw new BackendError('unreachable', 'A fresh task id was in use.');
    return fresh;
  }

  /** Returns the message's run in this log; `undefined` if the log belongs to another message. */
  async #send(
    { params, message, context, instance, digest, retry, ifMatch }: Sending,
    key: TaskKey,
  ): Promise<Sent | undefined> {
    const { handoffSignal: signal } = instance;
    const isNewTask = !message.taskId;
    const open = instance.logs.acquire(key);
    const leave = instance.countReader();
    let unfollow: (() => void) | undefined;
    const release = (): void => {
      unfollow?.();
      instance.logs.release(open);
      leave();
    };
    try {
      await open.log.refresh();
      let run = retriedRun(open.log.state, digest, retry);
      if (isNewTask && (open.log.isExpired() || (run === undefined && isUsed(open.log.state)))) {
        release();
        return undefined;
      }
      if (run === undefined) {
        assertAccepts(open, message);
        // A cheap refusal; the append decides.
        if (ifMatch !== undefined && !isGeneration(open.log.state, ifMatch)) {
          throw generationMismatch(open, ifMatch, context);
        }
        const request = { ...params, message: { ...message, taskId: key.taskId } };
        const by = { instance, retry, isNewTask, ifGeneration: ifMatch };
        const started = await this.#inTime(new RunScope(open, request, digest, by), context);
        if (started.run === undefined) {
          release();
          return undefined;
        }
        if (started.own) return { open, run: started.run, instance, signal, release };
        run = started.run;
      }
      unfollow = await open.follow();
      return { open, run, instance, signal, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Has the run of a lost instance executed here; it has started already. */
  resume({ run, message, digest, recorded, finish }: Resumption): void {
    const { open } = run;
    const driven = Promise.resolve().then(() => {
      const { request, context } = recordedRequest(recorded, open.log.key, message);
      const scope = new RunScope(open, request, digest, { resumed: { run, finish } });
      return this.#drive(scope, context);
    });
    driven.catch(async (error: unknown) => {
      // The executor was never called, so no reader may wait for it.
      this.#deps.logger.error('run.resume-failed', {
        ...taskFields(open.log.key),
        run: run.id,
        ...errorFields(error),
      });
      await finish().catch(() => {});
    });
  }

  async #inTime(scope: RunScope, context: ServerCallContext): Promise<Started> {
    const started = await withTimeout(
      this.#deps.clock,
      START_DEADLINE_MS,
      this.#drive(scope, context),
    );
    // The run may start all the same: the message sent again finds it.
    if (!started) throw new BackendError('unreachable', 'The run could not be started in time.');
    return started;
  }

  /** Resolves once the start of the run is durable; the run goes on. */
  async #drive(scope: RunScope, context: ServerCallContext): Promise<Started> {
    const request = await this.#requestContextFor(scope, context);
    void this.#driver.drive(scope, request);
    return scope.started;
  }
}

/** Returns true if the message only waits for a run, which this instance knows without a read. */
function isStartedHere({ instance, digest, retry }: Sending, key: TaskKey): boolean {
  const log = instance.logs.find(key)?.log;
  return log?.isRead === true && retriedRun(log.state, digest, retry) !== undefined;
}

function assertAccepts(open: OpenLog, message: Message): void {
  const { state } = open.log;
  if (!message.taskId) return;
  if (!state.hasTask || open.log.isExpired()) throw new TaskNotFoundError();
  if (state.sealed) {
    throw new UnsupportedOperationError('The task has ended and takes no more messages.');
  }
  if (message.contextId && state.contextId && message.contextId !== state.contextId) {
    throw new RequestMalformedError('The message is of another context than its task.');
  }
}
