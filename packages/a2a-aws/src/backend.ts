import { BackendError, type QueueManager, type TaskKey } from '@a2a-aws/core';
import { LogQueueManager, type PushTransport, type Resumer } from '@a2a-aws/core/internal';
import type { AgentCard } from '@a2a-js/sdk';
import type { A2ARequestHandler, AgentExecutor } from '@a2a-js/sdk/server';
import { type BackendHealth, backendHealth } from './backend-health.ts';
import { BackendLives } from './backend-lives.ts';
import type { BackendPorts } from './backend-ports.ts';
import { type BackendStats, backendStats } from './backend-stats.ts';
import { connectionMiddleware, type Middleware } from './connections/connection-middleware.ts';
import { connectionService } from './connections/connection-service.ts';
import { OpenConnections } from './connections/open-connections.ts';
import {
  type ErrorMiddleware,
  type HttpBinding,
  requestErrors,
} from './connections/request-error.ts';
import { assertHandlerArguments, type RequestHandlerOptions } from './handler/handler-options.ts';
import { BackendRequestHandler } from './handler/request-handler.ts';
import type { BackendSettings } from './options/options.ts';
import { RunGate } from './overload/run-gate.ts';
import type { PushStatus } from './pushes/push-status.ts';
import { WebhookTransport } from './pushes/webhook-transport.ts';
import { Webhooks } from './pushes/webhooks.ts';
import { guardedStore } from './user-code/guarded.ts';
import { UserErrors } from './user-code/user-error-reports.ts';

/** How long a stop waits for running executors by default, in milliseconds. */
const DRAIN_MS = 10_000;

export interface StopOptions {
  /** How long running executors and push notifications may take to finish, in milliseconds. @default 10,000 */
  readonly drainMs?: number | undefined;
}

/** A backend of A2A servers: one per process. See {@link createBackend}. */
export class Backend {
  readonly #settings: BackendSettings;
  readonly #ports: BackendPorts;
  readonly #queues: QueueManager;
  readonly #webhooks: Pick<Webhooks, 'post' | 'close'>;
  readonly #connections = new OpenConnections();
  readonly #lives: BackendLives;
  readonly #gate: RunGate;
  #resumer: Resumer | undefined;
  #transport: PushTransport | undefined;
  /** Delivers the events of a process that has queues and no request handler. */
  readonly #queueTransport: PushTransport | undefined;
  #isDefaultTransport = false;
  #hasHandler = false;

  /** @internal Use {@link createBackend}. */
  constructor(settings: BackendSettings, ports: BackendPorts) {
    this.#settings = settings;
    this.#ports = ports;
    this.#webhooks =
      ports.webhooks ?? new Webhooks({ clock: ports.clock, settings: settings.push });
    const { pushNotificationStore: store } = ports;
    const { retryForMs } = settings.push;
    this.#queueTransport =
      store &&
      new WebhookTransport({ store, webhooks: this.#webhooks, retryForMs, leaves: 'unknown' });
    const { logger, overload: limits } = settings;
    const running = (): number => this.#lives.instance.intents.running;
    const { clock, busyMs = () => 0 } = ports;
    this.#gate = new RunGate({ limits, running, clock, busyMs, logger });
    this.#lives = new BackendLives({
      settings,
      ports,
      // The first handler may still be created; a process that uses only queues never creates one.
      resumer: () => this.#resumer ?? (this.#hasHandler ? undefined : 'undecided'),
      connections: this.#connections,
      transport: () => this.#transport ?? (this.#hasHandler ? undefined : this.#queueTransport),
      webhooks: this.#webhooks,
      gate: this.#gate,
    });
    this.#queues = new LogQueueManager({ ...ports, logger, host: () => this.#lives.instance });
  }

  /**
   * Checks the table and the topic, registers this instance, and provisions its queue and
   * subscription. Without SNS and SQS, or with a full topic, it starts without a doorbell after at
   * most 5 seconds, and keeps trying. After {@link suspend}, only {@link resume} starts it again.
   *
   * It may be called again after an error.
   *
   * @throws {BackendError} `table-not-found`, `access-denied`, `unreachable` and others if the
   * table cannot be used; `topic-not-found`, `topic-mismatch`, `access-denied` and `configuration`
   * if SNS or SQS refuse in a way that only a change of the deployment can fix.
   *
   * @example
   * ```ts
   * try {
   *   await backend.start();
   * } catch (error) {
   *   console.error(error instanceof BackendError ? error.code : error); // 'table-not-found' …
   *   process.exit(1);
   * }
   * ```
   */
  start(): Promise<void> {
    return this.#lives.start();
  }

  /**
   * Returns a handler for the SDK's transports. It takes the arguments of the SDK's
   * `DefaultRequestHandler`.
   *
   * @throws {BackendError} `configuration` for an invalid argument, and for a second handler that
   * resumes.
   *
   * @example
   * ```ts
   * const requestHandler = backend.requestHandler(agentCard, executor, { onOrphan: 'resume' });
   * app.use('/a2a/rest', restHandler({ requestHandler, userBuilder }));
   * ```
   */
  requestHandler(
    agentCard: AgentCard,
    executor: AgentExecutor,
    options: RequestHandlerOptions = {},
  ): A2ARequestHandler {
    assertHandlerArguments(agentCard, executor, options);
    const { storage, clock, entropy } = this.#ports;
    const { logger, ownerResolver, cancelDeadlineMs, retentionMs, retryDetection } = this.#settings;
    const given = options.pushNotificationStore;
    const pushNotificationStore = given ? guardedStore(given) : this.#ports.pushNotificationStore;
    const all = { ...options, pushNotificationStore };
    const handler = new BackendRequestHandler(agentCard, executor, all, {
      instance: () => this.#lives.instance,
      storage,
      clock,
      logger,
      errors: new UserErrors(this.#settings, logger),
      scopeOf: (context) => ({ tenant: context.tenant ?? '', owner: ownerResolver(context) }),
      cancelDeadlineMs,
      entropy,
      retentionMs,
      retryDetection,
      gate: this.#gate,
      pushSettings: this.#settings.push,
      webhooks: this.#webhooks,
    });
    if (options.onOrphan === 'resume') this.#setResumer(handler.resume);
    this.#setTransport(handler.transport, options);
    this.#hasHandler = true;
    this.#lives.instance.pushes?.retryLeft();
    return handler;
  }

  /**
   * Queues of events without the SDK's request handler.
   *
   * @example
   * ```ts
   * const queue = await backend.queues().createOrTap({ tenant: '', owner: 'ann', taskId: 'task-1' });
   * ```
   */
  queues(): QueueManager {
    return this.#queues;
  }

  /**
   * Middleware to mount before the SDK's routers: streams end when their clients leave.
   *
   * @example
   * ```ts
   * app.use(backend.express());
   * app.use('/a2a/jsonrpc', jsonRpcHandler({ requestHandler, userBuilder }));
   * ```
   */
  express(): Middleware {
    return connectionMiddleware(this.#ports.clock, this.#connections, this.#ports.entropy);
  }

  /**
   * Error-handling middleware to mount after the SDK's router of this binding, on the same path: a body
   * that cannot be read, for one, is answered by an error of the binding.
   *
   * @example
   * ```ts
   * app.use('/a2a/rest', restHandler({ requestHandler, userBuilder }), backend.errors('HTTP+JSON'));
   * ```
   */
  errors(binding: HttpBinding): ErrorMiddleware {
    return requestErrors(binding, this.#settings.logger);
  }

  /**
   * The SDK's `grpcService`, to add to a gRPC server: streams end when their clients leave, and wait
   * for clients that do not keep up.
   *
   * @example
   * ```ts
   * import { A2AService, grpcService, UserBuilder } from '@a2a-js/sdk/server/grpc';
   *
   * const service = grpcService({ requestHandler, userBuilder: UserBuilder.noAuthentication });
   * grpcServer.addService(A2AService, backend.grpc(service));
   * ```
   */
  grpc<Service extends object>(service: Service): Service {
    return connectionService(service, this.#ports.entropy, this.#ports.clock);
  }

  /** The id of this process's instance, as in {@link BackendStats}. */
  get instanceId(): string {
    return this.#lives.instance.id;
  }

  /**
   * Returns the push configurations of a task that have begun to receive events, and which of them fail.
   *
   * @throws {BackendError} `unreachable` and others if the table cannot be read.
   *
   * @example
   * ```ts
   * const key = { tenant: '', owner: 'ann', taskId: 'task-1' };
   * const failed = (await backend.pushStatus(key)).filter(({ failure }) => failure);
   * if (failed.length > 0) await backend.redrivePushes(key);
   * ```
   */
  async pushStatus(key: TaskKey): Promise<PushStatus[]> {
    const pushes = await this.#ports.pushLedger.read(key);
    return [...pushes].map(([config, { failingSince, failure }]) => ({
      config,
      failingSince: failingSince === undefined ? undefined : new Date(failingSince),
      failure,
    }));
  }

  /**
   * Starts the push configurations of a task again that have failed: each continues with the event
   * that its receiver did not accept. Resolves when an instance is responsible for that.
   *
   * @throws {BackendError} `draining` and others if this instance takes no work; `unreachable` and
   * others if the table cannot be written.
   */
  async redrivePushes(key: TaskKey): Promise<void> {
    const { instance } = this.#lives;
    instance.assertReady();
    await instance.pushes?.restart(key);
  }

  /**
   * Returns plain counters, for metrics.
   *
   * @example
   * ```ts
   * const { runs, backlogBytes } = backend.stats();
   * console.log(JSON.stringify({ runs, backlogBytes }));
   * ```
   */
  stats(): BackendStats {
    return backendStats(this.#lives.instance, this.#ports.fanout, this.#gate);
  }

  /**
   * Returns whether this instance takes requests, and why not. No I/O.
   *
   * @example
   * ```ts
   * app.get('/health', (_, res) => void res.status(backend.health().ready ? 200 : 503).end());
   * ```
   */
  health(): BackendHealth {
    return backendHealth(this.#lives.instance, this.#lives.isStopped, this.#gate);
  }

  /**
   * Refuses new runs, lets running ones finish, ends streams so that clients resume on other instances,
   * then removes this instance's queue and subscription. Never rejects.
   *
   * @example
   * ```ts
   * process.once('SIGTERM', async () => {
   *   await backend.stop({ drainMs: 20_000 });
   *   process.exit();
   * });
   * ```
   */
  stop({ drainMs = DRAIN_MS }: StopOptions = {}): Promise<void> {
    return this.#lives.stop(drainMs);
  }

  /**
   * Stops like {@link stop}, until {@link resume}: for hosts that freeze a process. A process
   * frozen without it is declared dead when its lease expires, and its runs are ended. Never
   * rejects.
   */
  suspend({ drainMs = DRAIN_MS }: StopOptions = {}): Promise<void> {
    return this.#lives.suspend(drainMs);
  }

  /**
   * Starts again after {@link suspend}, with a new id and a new queue. Rejects as {@link start} does.
   *
   * @example
   * ```ts
   * await backend.suspend(); // before the host freezes the process
   * await backend.resume(); // when it goes on
   * ```
   */
  resume(): Promise<void> {
    return this.#lives.resume();
  }

  #setTransport(
    transport: PushTransport | undefined,
    { pushNotificationSender, pushNotificationStore }: RequestHandlerOptions,
  ): void {
    if (!transport) return;
    const isDefault = !pushNotificationSender && !pushNotificationStore;
    // A log does not record which of several handlers delivers.
    if (this.#transport && !(isDefault && this.#isDefaultTransport)) {
      throw new BackendError(
        'configuration',
        'Only one handler of a backend can have a sender or a store of push notifications.',
      );
    }
    this.#isDefaultTransport = isDefault;
    this.#transport ??= transport;
  }

  #setResumer(resumer: Resumer): void {
    // An intent does not record which of several executors was running.
    if (this.#resumer) {
      throw new BackendError('configuration', 'Only one handler of a backend can resume runs.');
    }
    this.#resumer = resumer;
  }
}
