import { BackendError, type TaskKey } from '@a2a-aws/core';
import {
  type CopyOptions,
  limitHistory,
  listTasks,
  type PushTransport,
  type ReadTask,
  type Resumer,
  wireGeneration,
  withTimeout,
} from '@a2a-aws/core/internal';
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
import { A2AError, TaskNotCancelableError, TaskNotFoundError } from '@a2a-js/sdk/errors';
import {
  type A2ARequestHandler,
  type AgentExecutor,
  type DefaultRequestHandler,
  InMemoryPushNotificationStore,
  type ServerCallContext,
} from '@a2a-js/sdk/server';
import { connectionOf } from '../connections/connection.ts';
import { GenerationTerms } from '../generations/generation-terms.ts';
import { withToldGeneration } from '../generations/told-generation.ts';
import { assertRoom, checkedStore } from '../pushes/checked-push-store.ts';
import { loggedPushStore } from '../pushes/logged-push-store.ts';
import { ownedPushStore } from '../pushes/owned-push-store.ts';
import { SenderTransport } from '../pushes/sender-transport.ts';
import { WebhookTransport } from '../pushes/webhook-transport.ts';
import { RunDriver } from '../runs/run-driver.ts';
import { type RequestContextFor, RunStarter } from '../runs/run-starter.ts';
import { linkSignals } from '../streams/linked-signal.ts';
import { activate } from '../streams/presenter.ts';
import { guardedIfFunction, UserCodeError } from '../user-code/guarded.ts';
import { declaredCard } from './declared-card.ts';
import type { HandlerDeps } from './handler-deps.ts';
import type { RequestHandlerOptions } from './handler-options.ts';
import { interruption } from './interruption.ts';
import { readLater } from './long-poll.ts';
import { PushConfigMethods } from './push-config-methods.ts';
import { RequestGuard } from './request-guard.ts';
import { sdkHandler, sdkRequestContext } from './sdk-handler.ts';
import { StreamMethods } from './stream-methods.ts';
import { TaskReader } from './task-reader.ts';
import { blockingAnswer, immediateAnswer } from './task-result.ts';

/** How long a cancel may take in addition to waiting for the executor, in milliseconds. */
const ANSWER_MS = 15_000;

/**
 * An `A2ARequestHandler` whose tasks live in the log. The SDK's handler validates incoming
 * messages and stores the push configs. The log provides durability, order, and delivery across instances.
 */
export class BackendRequestHandler implements A2ARequestHandler {
  readonly #card: AgentCard;
  readonly #deps: HandlerDeps;
  readonly #options: RequestHandlerOptions;
  readonly #guard: RequestGuard;
  readonly #tasks: TaskReader;
  readonly #pushConfigs: PushConfigMethods;
  /** Serves every method except the sends, so it never drives a run. */
  readonly #sdk: DefaultRequestHandler;
  readonly #starter: RunStarter;
  readonly #streams: StreamMethods;

  constructor(
    givenCard: AgentCard,
    executor: AgentExecutor,
    options: RequestHandlerOptions,
    deps: HandlerDeps,
  ) {
    const card = declaredCard(givenCard, options.pushNotificationSender !== undefined);
    this.#card = card;
    this.#deps = deps;
    this.#options = options;
    this.#guard = new RequestGuard(deps);
    this.#tasks = new TaskReader(deps);
    const { pushNotificationStore = new InMemoryPushNotificationStore() } = options;
    const { pushNotificationSender: custom } = options;
    const { scopeOf, pushSettings: settings, webhooks, entropy } = deps;
    const given = ownedPushStore(pushNotificationStore, scopeOf);
    const hasCustomSender = custom !== undefined;
    const checks = { settings, hasCustomSender, scopeOf };
    const stored = checkedStore(given, checks);
    const store = loggedPushStore({
      ...deps,
      store: stored,
      check: (taskId, context, config) => assertRoom(given, checks, { taskId, context, config }),
      newId: () => entropy.id(),
      hasSender: hasCustomSender,
    });
    const pushes = card.capabilities?.pushNotifications === true;
    const { retryForMs } = settings;
    if (pushes) {
      this.transport = custom
        ? new SenderTransport({ ...deps, sender: custom, retryForMs })
        : new WebhookTransport({ store: given, webhooks, retryForMs });
    }
    const driver = new RunDriver(executor, {
      ...deps,
      isResumable: options.onOrphan === 'resume',
      hasSender: pushes && hasCustomSender,
    });
    const load = (taskId: string, context: ServerCallContext): Promise<Task | undefined> =>
      this.#tasks.load(this.#tasks.key(taskId, context));
    const parts = { card, options, store, stored, load };
    this.#sdk = sdkHandler(parts);
    this.#pushConfigs = new PushConfigMethods(this.#sdk, this.#guard);
    const requestContextFor: RequestContextFor = (scope, context) =>
      sdkRequestContext(parts, scope, context);
    this.#starter = new RunStarter(driver, requestContextFor, deps);
    this.#streams = new StreamMethods(card, deps, this.#tasks, this.#starter);
  }

  /** Delivers push notifications; `undefined` if the agent has none. */
  readonly transport: PushTransport | undefined;

  /** Executes the run of a dead instance again. */
  readonly resume: Resumer = (resumption) => this.#starter.resume(resumption);

  /** Returns the card that was given, with the extensions of the backend. Clients may cache it, so it must not depend on the current state. */
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
    return this.#guard.run({ method: 'GetExtendedAgentCard', context }, () =>
      this.#sdk.getAuthenticatedExtendedAgentCard(params, context),
    );
  }

  sendMessage(params: SendMessageRequest, context: ServerCallContext): Promise<Message | Task> {
    const request = { method: 'SendMessage', context, taskId: params.message?.taskId };
    return this.#guard.run(request, () => this.#send(params, context));
  }

  sendMessageStream(
    params: SendMessageRequest,
    context: ServerCallContext,
  ): AsyncGenerator<StreamResponse, void, undefined> {
    // The SDK sends the headers before it asks for the first event.
    activate(context);
    return this.#guard.stream(
      { method: 'SendStreamingMessage', context, taskId: params.message?.taskId },
      this.#streams.send(params, context),
    );
  }

  resubscribe(
    params: SubscribeToTaskRequest,
    context: ServerCallContext,
  ): AsyncGenerator<StreamResponse, void, undefined> {
    activate(context);
    return this.#guard.stream(
      { method: 'SubscribeToTask', context, taskId: params.id },
      this.#streams.subscribe(params, context),
    );
  }

  getTask(params: GetTaskRequest, context: ServerCallContext): Promise<Task> {
    return this.#guard.run({ method: 'GetTask', context, taskId: params.id }, async () => {
      const key = this.#tasks.key(params.id, context);
      const connection = connectionOf(context);
      const { current } = new GenerationTerms(context, connection);
      const { historyLength } = params;
      const found =
        current === undefined
          ? await this.#tasks.read(key, { historyLength })
          : await readLater(key, current, connection?.left, { historyLength }, this.#deps);
      if (!found) throw new TaskNotFoundError();
      return withToldGeneration(found.task, wireGeneration(found.state), context);
    });
  }

  listTasks(params: ListTasksRequest, context: ServerCallContext): Promise<ListTasksResponse> {
    const read = async (key: TaskKey, options: CopyOptions): Promise<ReadTask | undefined> => {
      const found = await this.#tasks.read(key, options);
      if (found) withToldGeneration(found.task, wireGeneration(found.state), context);
      return found;
    };
    const deps = { ...this.#deps, read };
    return this.#guard.run({ method: 'ListTasks', context }, () =>
      listTasks(params, this.#deps.scopeOf(context), deps),
    );
  }

  cancelTask(params: CancelTaskRequest, context: ServerCallContext): Promise<Task> {
    return this.#guard.run({ method: 'CancelTask', context, taskId: params.id }, async () => {
      const key = this.#tasks.key(params.id, context);
      const instance = this.#deps.instance();
      instance.assertReady();
      // A cheap answer for missing tasks; all other decisions go through the log.
      if (!(await this.#tasks.load(key))) throw new TaskNotFoundError();
      const { clock, cancelDeadlineMs } = this.#deps;
      const canceled = instance.cancel(key, cancelDeadlineMs);
      const outcome = await withTimeout(clock, cancelDeadlineMs + ANSWER_MS, canceled);
      // The request may already be in the log, so the task can still become CANCELED.
      if (!outcome) throw new BackendError('unreachable', 'The task was not canceled in time.');
      if ('canceled' in outcome) {
        return withToldGeneration(outcome.canceled, wireGeneration(outcome.state), context);
      }
      throw outcome.refused === 'not-found'
        ? new TaskNotFoundError()
        : new TaskNotCancelableError();
    });
  }

  createTaskPushNotificationConfig(
    params: TaskPushNotificationConfig,
    context: ServerCallContext,
  ): Promise<TaskPushNotificationConfig> {
    return this.#pushConfigs.createTaskPushNotificationConfig(params, context);
  }

  getTaskPushNotificationConfig(
    params: GetTaskPushNotificationConfigRequest,
    context: ServerCallContext,
  ): Promise<TaskPushNotificationConfig> {
    return this.#pushConfigs.getTaskPushNotificationConfig(params, context);
  }

  listTaskPushNotificationConfigs(
    params: ListTaskPushNotificationConfigsRequest,
    context: ServerCallContext,
  ): Promise<ListTaskPushNotificationConfigsResponse> {
    return this.#pushConfigs.listTaskPushNotificationConfigs(params, context);
  }

  deleteTaskPushNotificationConfig(
    params: DeleteTaskPushNotificationConfigRequest,
    context: ServerCallContext,
  ): Promise<void> {
    return this.#pushConfigs.deleteTaskPushNotificationConfig(params, context);
  }

  async #send(params: SendMessageRequest, context: ServerCallContext): Promise<Message | Task> {
    const connection = connectionOf(context);
    const sent = await this.#starter.start(params, context);
    const linked = linkSignals(sent.signal, connection?.left);
    // This tap is never read. The doorbell is probed only while a tap is open.
    const { close } = sent.open.tap();
    try {
      const waits = params.configuration?.returnImmediately !== true;
      const pick = waits ? blockingAnswer : immediateAnswer;
      const answer = await pick(sent.open, this.#deps.storage, sent.run, linked.signal);
      if (!answer && connection?.left.aborted) throw new A2AError('The client has left.');
      if (!answer) throw interruption(sent.instance);
      if ('message' in answer) return answer.message;
      const task = withToldGeneration(answer.task, answer.generation, context);
      return limitHistory(task, params.configuration?.historyLength);
    } finally {
      close();
      linked.unlink();
      sent.release();
    }
  }
}
