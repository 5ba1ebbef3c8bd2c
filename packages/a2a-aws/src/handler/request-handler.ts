import {
  BackendError,
  type Clock,
  type CopyOptions,
  type Entropy,
  type Instance,
  type Logger,
  type LogStorage,
  limitHistory,
  listTasks,
  type OpenLog,
  type ReadTask,
  type Resumer,
  readTask,
  type Scope,
  type TaskKey,
  withTimeout,
} from '@a2a-aws/core';
import type {
  AgentCard,
  CancelTaskRequest,
  DeleteTaskPushNotificationConfigRequest,
  GetExtendedAgentCardRequest,
  GetTaskPushNotificationConfigRequest,
  GetTaskRequest,
  ListTaskPushNotificationConfigsRequest,
  ListTaskPushNotificationConfigsResponse,
  ListTasksRequest,
  ListTasksResponse,
  Message,
  SendMessageRequest,
  StreamResponse,
  SubscribeToTaskRequest,
  Task,
  TaskPushNotificationConfig,
} from '@a2a-js/sdk';
import {
  A2AError,
  RequestMalformedError,
  TaskNotCancelableError,
  TaskNotFoundError,
  UnsupportedOperationError,
} from '@a2a-js/sdk/errors';
import {
  type A2ARequestHandler,
  type AgentExecutor,
  DefaultRequestHandler,
  InMemoryPushNotificationStore,
  type PushNotificationSender,
  type PushNotificationStore,
  type ServerCallContext,
} from '@a2a-js/sdk/server';
import { type Connection, connectionOf } from '../connections/connection.ts';
import type { PushDeps } from '../pushes/push-queue.ts';
import { Pusher } from '../pushes/pusher.ts';
import type { KeyedSerialQueue } from '../pushes/turns.ts';
import { WebhookSender } from '../pushes/webhook-sender.ts';
import type { RetryDetection } from '../runs/retry-detection.ts';
import { RunBusManager, RunDriver } from '../runs/run-driver.ts';
import type { RunScope } from '../runs/run-scope.ts';
import { RunStarter } from '../runs/run-starter.ts';
import { RunTaskStore } from '../runs/run-task-store.ts';
import { guardedIfFunction, guardedSender, UserCodeError } from '../user-code/guarded.ts';
import type { UserErrors } from '../user-code/user-errors.ts';
import { clientError } from './client-error.ts';
import { FailedRequest } from './failed-request.ts';
import type { RequestHandlerOptions } from './handler-options.ts';
import { linkSignals } from './linked-signal.ts';
import { blockingAnswer, immediateAnswer } from './task-result.ts';
import { runStream, type StreamOptions, subscriberStream } from './task-stream.ts';

/** How long a cancel may take besides waiting for the executor, in milliseconds. */
const ANSWER_MS = 15_000;

/** The SDK's handler copies the whole task for each event that it pushes: it pushes none. */
const PUSHES_NOTHING: PushNotificationSender = { send: async () => {} };

/** What a handler works with: the backend, as far as it concerns requests. */
export interface HandlerDeps {
  /** The instance that this process is now. */
  readonly instance: () => Instance;
  readonly storage: LogStorage;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly errors: UserErrors;
  readonly scopeOf: (context: ServerCallContext) => Scope;
  readonly cancelDeadlineMs: number;
  readonly entropy: Entropy;
  readonly retentionMs: number;
  readonly retryDetection: RetryDetection;
  /** What the backend pushes. */
  readonly pushes: KeyedSerialQueue;
}

interface GuardedRequest {
  readonly context: ServerCallContext;
  readonly request: FailedRequest;
}

/**
 * An `A2ARequestHandler` whose tasks live in the log. The SDK's handler keeps the protocol of a send
 * and the push configs; durability, order and reach are the log's.
 */
export class BackendRequestHandler implements A2ARequestHandler {
  readonly #card: AgentCard;
  readonly #deps: HandlerDeps;
  readonly #options: RequestHandlerOptions;
  /** For what is no send: it drives nothing. */
  readonly #sdk: DefaultRequestHandler;
  readonly #starter: RunStarter;

  constructor(
    card: AgentCard,
    executor: AgentExecutor,
    options: RequestHandlerOptions,
    deps: HandlerDeps,
  ) {
    this.#card = card;
    this.#deps = deps;
    this.#options = options;
    const pushes = card.capabilities?.pushNotifications === true;
    const { pushNotificationStore: store = new InMemoryPushNotificationStore() } = options;
    const load = (taskId: string, context: ServerCallContext): Promise<Task | undefined> =>
      this.#load(this.#key(taskId, context));
    const driver = new RunDriver(executor, {
      ...deps,
      isResumable: options.onOrphan === 'resume',
      pusher: pushes
        ? new Pusher(pushDeps(options.pushNotificationSender, store, deps), deps.pushes)
        : undefined,
    });
    const sdk = (scope?: RunScope): DefaultRequestHandler =>
      new DefaultRequestHandler(
        card,
        new RunTaskStore(load, scope),
        scope ? driver.executor(scope) : executor,
        new RunBusManager(),
        store,
        PUSHES_NOTHING,
        guardedIfFunction('agentCard', options.extendedAgentCardProvider),
        guardedIfFunction('agentCard', options.agentCardSignatureGenerator),
        { validateInputModes: options.validateInputModes ?? false },
      );
    this.#sdk = sdk();
    this.#starter = new RunStarter(sdk, deps);
  }

  /** Executes the run of a lost instance again. */
  readonly resume: Resumer = (resumption) => this.#starter.resume(resumption);

  /** Returns the card as it was given: caches keep it, so that nothing of now may be in it. */
  async getAgentCard(): Promise<AgentCard> {
    const sign = guardedIfFunction('agentCard', this.#options.agentCardSignatureGenerator);
    try {
      return (await sign?.(this.#card)) ?? this.#card;
    } catch (error) {
      if (!(error instanceof UserCodeError)) throw error;
      const { source, thrown } = error;
      this.#deps.errors.report('request.failed', thrown, { source, method: 'GetAgentCard' });
      throw new A2AError('The server failed to handle the request.');
    }
  }

  getAuthenticatedExtendedAgentCard(
    params: GetExtendedAgentCardRequest,
    context: ServerCallContext,
  ): Promise<AgentCard> {
    return this.#guard(this.#request('GetExtendedAgentCard', context), () =>
      this.#sdk.getAuthenticatedExtendedAgentCard(params, context),
    );
  }

  sendMessage(params: SendMessageRequest, context: ServerCallContext): Promise<Message | Task> {
    return this.#guard(this.#request('SendMessage', context, params.message?.taskId), async () => {
      const connection = connectionOf(context);
      const sent = await this.#starter.start(params, context);
      const linked = linkSignals(sent.signal, connection?.left);
      // Somebody waits here, as at a stream: the doorbell's health is to be known.
      const { close } = sent.open.tap();
      try {
        const waits = params.configuration?.returnImmediately !== true;
        const pick = waits ? blockingAnswer : immediateAnswer;
        const answer = await pick(sent.open, this.#deps.storage, sent.run, linked.signal);
        if (!answer && connection?.left.aborted) throw new A2AError('The client has left.');
        if (!answer) throw leftBy(sent.instance);
        if ('messageId' in answer) return answer;
        return limitHistory(answer, params.configuration?.historyLength);
      } finally {
        close();
        linked.unlink();
        sent.release();
      }
    });
  }

  async *sendMessageStream(
    params: SendMessageRequest,
    context: ServerCallContext,
  ): AsyncGenerator<StreamResponse, void, undefined> {
    yield* this.#guardStream(
      this.#request('SendStreamingMessage', context, params.message?.taskId),
      this.#sendStream(params, context),
    );
  }

  async *resubscribe(
    params: SubscribeToTaskRequest,
    context: ServerCallContext,
  ): AsyncGenerator<StreamResponse, void, undefined> {
    yield* this.#guardStream(
      this.#request('SubscribeToTask', context, params.id),
      this.#subscribe(params, context),
    );
  }

  getTask(params: GetTaskRequest, context: ServerCallContext): Promise<Task> {
    return this.#guard(this.#request('GetTask', context, params.id), async () => {
      const { historyLength } = params;
      const found = await this.#read(this.#key(params.id, context), { historyLength });
      if (!found) throw new TaskNotFoundError();
      return found.task;
    });
  }

  listTasks(params: ListTasksRequest, context: ServerCallContext): Promise<ListTasksResponse> {
    const read = (key: TaskKey, options: CopyOptions): Promise<ReadTask | undefined> =>
      this.#read(key, options);
    const deps = { ...this.#deps, read };
    return this.#guard(this.#request('ListTasks', context), () =>
      listTasks(params, this.#deps.scopeOf(context), deps),
    );
  }

  cancelTask(params: CancelTaskRequest, context: ServerCallContext): Promise<Task> {
    return this.#guard(this.#request('CancelTask', context, params.id), async () => {
      const key = this.#key(params.id, context);
      const instance = this.#deps.instance();
      instance.assertReady();
      // Cheap for what is not there or over; everything else goes through the log.
      if (!(await this.#load(key))) throw new TaskNotFoundError();
      const { clock, cancelDeadlineMs } = this.#deps;
      const canceled = instance.cancel(key, cancelDeadlineMs);
      const outcome = await withTimeout(clock, cancelDeadlineMs + ANSWER_MS, canceled);
      // It may be canceled all the same: the wish may be in the log.
      if (!outcome) throw new BackendError('unreachable', 'The task was not canceled in time.');
      if ('canceled' in outcome) return outcome.canceled;
      throw outcome.refused === 'not-found'
        ? new TaskNotFoundError()
        : new TaskNotCancelableError();
    });
  }

  createTaskPushNotificationConfig(
    params: TaskPushNotificationConfig,
    context: ServerCallContext,
  ): Promise<TaskPushNotificationConfig> {
    return this.#guard(
      this.#request('CreateTaskPushNotificationConfig', context, params.taskId),
      () => this.#sdk.createTaskPushNotificationConfig(params, context),
    );
  }

  getTaskPushNotificationConfig(
    params: GetTaskPushNotificationConfigRequest,
    context: ServerCallContext,
  ): Promise<TaskPushNotificationConfig> {
    return this.#guard(this.#request('GetTaskPushNotificationConfig', context, params.taskId), () =>
      this.#sdk.getTaskPushNotificationConfig(params, context),
    );
  }

  listTaskPushNotificationConfigs(
    params: ListTaskPushNotificationConfigsRequest,
    context: ServerCallContext,
  ): Promise<ListTaskPushNotificationConfigsResponse> {
    return this.#guard(
      this.#request('ListTaskPushNotificationConfigs', context, params.taskId),
      () => this.#sdk.listTaskPushNotificationConfigs(params, context),
    );
  }

  deleteTaskPushNotificationConfig(
    params: DeleteTaskPushNotificationConfigRequest,
    context: ServerCallContext,
  ): Promise<void> {
    return this.#guard(
      this.#request('DeleteTaskPushNotificationConfig', context, params.taskId),
      () => this.#sdk.deleteTaskPushNotificationConfig(params, context),
    );
  }

  async *#sendStream(
    params: SendMessageRequest,
    context: ServerCallContext,
  ): AsyncGenerator<StreamResponse, void, undefined> {
    this.#assertStreaming();
    const connection = connectionOf(context);
    connection?.expectStream();
    const sent = await this.#starter.start(params, context);
    connection?.establishStream();
    try {
      yield* runStream(sent.open, sent.run, {
        ...this.#streamOptions(sent.instance, connection),
        historyLength: params.configuration?.historyLength,
      });
    } finally {
      sent.release();
    }
  }

  async *#subscribe(
    params: SubscribeToTaskRequest,
    context: ServerCallContext,
  ): AsyncGenerator<StreamResponse, void, undefined> {
    this.#assertStreaming();
    const connection = connectionOf(context);
    connection?.expectStream();
    const instance = this.#ready();
    const open = instance.logs.acquire(this.#key(params.id, context));
    const leave = instance.reading();
    let watching = false;
    try {
      await open.log.refresh();
      assertLive(open);
      // Watch first, then read: what was appended between is in one of the two.
      await open.watch.hold();
      watching = true;
      await open.log.refresh();
      assertLive(open);
      connection?.establishStream();
      open.announce();
      yield* subscriberStream(open, this.#streamOptions(instance, connection));
    } finally {
      if (watching) open.watch.release();
      instance.logs.release(open);
      leave();
    }
  }

  #streamOptions(instance: Instance, connection: Connection | undefined): StreamOptions {
    return {
      left: connection?.left,
      away: instance.away,
      interrupted: () => leftBy(instance),
      drained: () => connection?.drained() ?? Promise.resolve(),
    };
  }

  async #load(key: TaskKey): Promise<Task | undefined> {
    return (await this.#read(key))?.task;
  }

  async #read(key: TaskKey, options?: CopyOptions): Promise<ReadTask | undefined> {
    const { logs } = this.#deps.instance();
    const open = logs.acquire(key);
    try {
      await open.log.refresh();
      return await readTask(open.log, this.#deps.clock, options);
    } finally {
      logs.release(open);
    }
  }

  #key(taskId: string, context: ServerCallContext): TaskKey {
    if (!taskId || taskId.trim() === '') throw new RequestMalformedError('A task id is required.');
    return { ...this.#deps.scopeOf(context), taskId };
  }

  #ready(): Instance {
    const instance = this.#deps.instance();
    instance.assertReady();
    return instance;
  }

  #assertStreaming(): void {
    if (!this.#card.capabilities?.streaming) {
      throw new UnsupportedOperationError('The agent does not stream.');
    }
  }

  #request(method: string, context: ServerCallContext, taskId?: string): GuardedRequest {
    return { context, request: new FailedRequest(method, taskId, context, this.#deps) };
  }

  #clientError(error: unknown, { context, request }: GuardedRequest): A2AError {
    const { logger, errors } = this.#deps;
    return clientError(error, connectionOf(context), { logger, errors, request });
  }

  async #guard<T>(guarded: GuardedRequest, work: () => Promise<T>): Promise<T> {
    connectionOf(guarded.context)?.takeUp();
    try {
      return await work();
    } catch (error) {
      throw this.#clientError(error, guarded);
    }
  }

  async *#guardStream(
    guarded: GuardedRequest,
    stream: AsyncGenerator<StreamResponse, void, undefined>,
  ): AsyncGenerator<StreamResponse, void, undefined> {
    connectionOf(guarded.context)?.takeUp();
    try {
      yield* stream;
    } catch (error) {
      throw this.#clientError(error, guarded);
    }
  }
}

/** For a sender of the user's own the SDK looks at nothing either: it may know others to tell. */
function pushDeps(
  sender: PushNotificationSender | undefined,
  store: PushNotificationStore,
  { clock, logger, errors, pushes }: HandlerDeps,
): PushDeps {
  if (sender) {
    return { sender: guardedSender(sender), store: undefined, clock, logger, errors };
  }
  const own = new WebhookSender(store, () => pushes.signal);
  return { sender: own, store, clock, logger, errors };
}

/** The error of those who wait for an instance that has sent them away. */
function leftBy(instance: Instance): Error {
  try {
    instance.assertReady();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  return new BackendError('draining', 'This instance stopped first.');
}

function assertLive(open: OpenLog): void {
  if (!open.log.state.hasTask || open.log.isExpired()) throw new TaskNotFoundError();
  if (open.log.state.sealed) {
    throw new UnsupportedOperationError('The task has ended and cannot be subscribed to.');
  }
}
