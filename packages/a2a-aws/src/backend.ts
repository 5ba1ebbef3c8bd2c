import { hostname } from 'node:os';
import {
  BackendError,
  type Clock,
  type ConsumerOffsets,
  type ControlPorts,
  type Entropy,
  elapsed,
  errorFields,
  type Fanout,
  Instance,
  type InstancePhase,
  type InstanceRegistry,
  isLasting,
  LogQueueManager,
  type LogStorage,
  type QueueManager,
  type Resumer,
  shortId,
  sleep,
  withTimeout,
} from '@a2a-aws/core';
import { queueName } from '@a2a-aws/sns-sqs';
import type { AgentCard } from '@a2a-js/sdk';
import type { A2ARequestHandler, AgentExecutor, PushNotificationStore } from '@a2a-js/sdk/server';
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
import type { AwsCalls } from './options/aws-calls.ts';
import type { BackendSettings } from './options/options.ts';
import { KeyedSerialQueue } from './pushes/turns.ts';
import { guardedStore } from './user-code/guarded.ts';
import { UserErrors } from './user-code/user-errors.ts';
import { VERSION } from './version.ts';

/** The outside world, as the backend sees it. */
export interface BackendPorts {
  readonly storage: LogStorage;
  readonly registry: InstanceRegistry;
  /** See `InstanceDeps.control`. */
  readonly control?: ControlPorts | undefined;
  readonly offsets: ConsumerOffsets;
  readonly fanout: Fanout;
  /** For handlers that are given none. */
  readonly pushNotificationStore?: PushNotificationStore | undefined;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** The calls that these ports make, as far as they can be ended. */
  readonly calls?: Pick<AwsCalls, 'abort' | 'close'> | undefined;
}

/** Plain counters: those marked so count what is now, the others since this instance's start. */
export interface BackendStats {
  /** The id of this process's instance: in rows, queue names and log events. */
  readonly instance: string;
  /** Executions under way, now. */
  readonly runs: number;
  /** Readers of tasks' events that are open, now. */
  readonly taps: number;
  /** Tasks' logs that are kept up to date, now. */
  readonly openLogs: number;
  /** About how many bytes wait to be written, now. */
  readonly backlogBytes: number;
  /** Doorbells that SNS, or SQS, took from here. */
  readonly published: number;
  /** Doorbells that were given up: their readers find the events by reading the log. */
  readonly publishFailed: number;
  /** Messages from this instance's queue. */
  readonly received: number;
  /** Of these, what was no doorbell: it goes to the dead-letter queue. */
  readonly unreadable: number;
  /** Of these, doorbells of kinds that only a newer release knows. */
  readonly ignored: number;
  /** Of these, what was not proven to come from this fleet: it changed nothing. */
  readonly unauthenticated: number;
  /** Logs that were read again, since doorbells had brought what the table does not hold. */
  readonly diverged: number;
  /** Events of executors that did not enter a log; the log event `run.event-refused` says why. */
  readonly refusedEvents: number;
  /** Dead instances that this one has cleaned up after. */
  readonly janitorCleaned: number;
  /** Its tries at that which failed. */
  readonly janitorFailed: number;
}

/** Fit for a load balancer's check: serve `ready` as 200, anything else as 503. No I/O. */
export interface BackendHealth {
  /** False once this backend was stopped for good. */
  readonly live: boolean;
  /** Takes requests: the phase is `ready`, and the lease was renewed within the lease time. */
  readonly ready: boolean;
  readonly phase: InstancePhase;
  /** Milliseconds since the lease was last renewed; nothing before the first time. */
  readonly leaseAgeMs: number | undefined;
  /** True while doorbells arrive; false costs latency, nothing else. Undefined: the fan-out has none. */
  readonly doorbell: boolean | undefined;
  /**
   * Why no doorbell is known to arrive: `provisioning`, `lost` (its queue is gone), `silent`, or the code
   * with which the last try to provision it failed (`unreachable`, `topic-full` …).
   */
  readonly doorbellFault: string | undefined;
  /** How much of what may wait to be written does: at 1, runs that publish more fail. */
  readonly backlog: number;
  /** How long a doorbell is under way, in milliseconds; known while somebody waits here for news. */
  readonly lagMs: number | undefined;
  /** Taps that are open. */
  readonly taps: number;
  /** Runs that execute here. */
  readonly runs: number;
  /** Dead instances that this one, as the leader, could not clean up after at its last try. */
  readonly uncleaned: number;
}

export interface StopOptions {
  /** How long running executors, and what is to be pushed, may take, in milliseconds. @default 10,000 */
  readonly drainMs?: number | undefined;
}

/** How long a stop may take besides draining, in milliseconds, before what is under way is left behind. */
const TEARDOWN_MS = 12_000;
/** How long a stop waits at most for receivers of pushes, in milliseconds. */
const PUSHED_MS = 10_000;

/** How long a start waits for SNS and SQS at most, in milliseconds. */
const DOORBELL_MS = 5_000;

/** A backend of A2A servers: one per process. See {@link createBackend}. */
export class Backend {
  readonly #settings: BackendSettings;
  readonly #ports: BackendPorts;
  readonly #queues: QueueManager;
  readonly #pushes = new KeyedSerialQueue();
  readonly #connections = new OpenConnections();
  #instance: Instance;
  #starting: Promise<void> | undefined;
  #resumer: Resumer | undefined;
  #hasHandler = false;
  #replacing: Promise<void> = Promise.resolve();
  #suspending: Promise<void> = Promise.resolve();
  #isStopped = false;
  /** Aborts when this process is to have no instance any more, for now or for good. */
  #leave = new AbortController();

  constructor(settings: BackendSettings, ports: BackendPorts) {
    this.#settings = settings;
    this.#ports = ports;
    const { logger } = settings;
    this.#queues = new LogQueueManager({ ...ports, logger, host: () => this.#instance });
    this.#instance = this.#newInstance([]);
  }

  /**
   * Checks table and topic, takes its place in the table, provisions this instance's queue and
   * subscription. Rejects with a coded {@link BackendError} if the table cannot be used
   * (`table-not-found`, `access-denied`, `unreachable` …), or if SNS or SQS refuse what only a deployer
   * can mend (`topic-not-found`, `topic-mismatch`, `access-denied`, `configuration`), and may then be
   * called again. Without SNS and SQS, or with a topic that is full, it starts without a doorbell after
   * at most 5 seconds, and goes on trying. After {@link suspend} only {@link resume} starts it.
   */
  start(): Promise<void> {
    if (this.#isStopped || this.#leave.signal.aborted) {
      const text = this.#isStopped ? 'The backend was stopped.' : 'The backend is suspended.';
      return Promise.reject(new BackendError('draining', text));
    }
    this.#starting ??= this.#start().catch((error: unknown) => {
      this.#starting = undefined;
      throw error;
    });
    return this.#starting;
  }

  /**
   * A handler for the SDK's transports; takes what the SDK's `DefaultRequestHandler` takes. Throws
   * `configuration` if an argument is not what it must be, or for the second handler that resumes.
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
      instance: () => this.#instance,
      storage,
      clock,
      logger,
      errors: new UserErrors(this.#settings, logger),
      scopeOf: (context) => ({ tenant: context.tenant ?? '', owner: ownerResolver(context) }),
      cancelDeadlineMs,
      entropy,
      retentionMs,
      retryDetection,
      pushes: this.#pushes,
    });
    if (options.onOrphan === 'resume') this.#setResumer(handler.resume);
    this.#hasHandler = true;
    return handler;
  }

  /** Queues of events without the SDK's request handler. */
  queues(): QueueManager {
    return this.#queues;
  }

  /** Middleware to mount before the SDK's routers: streams end when their clients leave. */
  express(): Middleware {
    return connectionMiddleware(this.#ports.clock, this.#connections);
  }

  /**
   * Error-handling middleware to mount after the SDK's router of this binding, on the same path: a body
   * that cannot be read, for one, is answered by an error of the binding.
   */
  errors(binding: HttpBinding): ErrorMiddleware {
    return requestErrors(binding, this.#settings.logger);
  }

  /**
   * The SDK's `grpcService`, to add to a gRPC server: streams end when their clients leave, and wait
   * for clients that do not keep up.
   */
  grpc<Service extends object>(service: Service): Service {
    return connectionService(service, this.#ports.entropy);
  }

  /** The id of this process's instance, as in {@link BackendStats}. */
  get instanceId(): string {
    return this.#instance.id;
  }

  stats(): BackendStats {
    const { id, logs, intents, janitor } = this.#instance;
    const { cleaned, failed } = janitor.stats;
    return {
      instance: id,
      runs: intents.running,
      taps: logs.taps,
      openLogs: logs.openLogs,
      backlogBytes: logs.backlog.bytes,
      ...this.#ports.fanout.stats(),
      ignored: logs.ignored,
      unauthenticated: logs.unauthenticated,
      diverged: logs.diverged,
      refusedEvents: intents.refusedEvents,
      janitorCleaned: cleaned,
      janitorFailed: failed,
    };
  }

  health(): BackendHealth {
    const { phase, logs, intents, janitor, isServing, silentMs, doorbell } = this.#instance;
    return {
      live: !this.#isStopped,
      ready: isServing,
      phase,
      leaseAgeMs: silentMs,
      doorbell: logs.healthy,
      doorbellFault: logs.healthy === false ? (doorbell.fault ?? 'silent') : undefined,
      lagMs: logs.lagMs,
      backlog: logs.backlog.fullness,
      taps: logs.taps,
      runs: intents.running,
      uncleaned: janitor.stats.failing,
    };
  }

  /**
   * Refuses new runs, lets those that run finish, ends streams so that clients resume elsewhere,
   * then removes this instance's queue and subscription. Never rejects.
   */
  async stop(options: StopOptions = {}): Promise<void> {
    this.#isStopped = true;
    await this.suspend(options);
    this.#ports.calls?.close();
  }

  /**
   * As {@link stop}, until {@link resume}: for hosts that freeze a process. One that is frozen without
   * is declared dead when its lease has run out, and its runs are ended. Never rejects.
   */
  suspend(options: StopOptions = {}): Promise<void> {
    this.#suspending = this.#suspending.then(() => this.#suspend(options));
    return this.#suspending;
  }

  /** Another life after {@link suspend}, with a new id and a new queue. Fails as {@link start}. */
  async resume(): Promise<void> {
    await this.#suspending;
    if (this.#leave.signal.aborted && !this.#isStopped) {
      this.#leave = new AbortController();
      this.#starting = undefined;
    }
    await this.start();
  }

  async #suspend({ drainMs = 10_000 }: StopOptions): Promise<void> {
    this.#leave.abort();
    const { clock, calls } = this.#ports;
    // What is not answered in time is left behind, and must not keep the process alive.
    await withTimeout(clock, drainMs + TEARDOWN_MS, this.#drain(drainMs));
    await this.#connections.end(clock);
    this.#pushes.drop();
    calls?.abort();
  }

  async #drain(drainMs: number): Promise<void> {
    const { clock } = this.#ports;
    await this.#starting?.catch(() => {});
    await this.#replacing;
    const since = clock.now();
    await this.#instance.stop(drainMs);
    const leftMs = drainMs - elapsed(since, clock.now());
    // How the last tasks ended may still have to be pushed, and nobody else does.
    if (leftMs > 0) await withTimeout(clock, Math.min(leftMs, PUSHED_MS), this.#pushes.idle());
  }

  async #start(): Promise<void> {
    const { storage, clock } = this.#ports;
    const since = clock.now();
    const [, isReachable] = await Promise.all([storage.check(), this.#checkFanout()]);
    // A start that failed has used up its instance id: nobody may find two lives under one.
    this.#instance = await this.#nextInstance();
    const leftMs = DOORBELL_MS - elapsed(since, clock.now());
    await this.#instance.start(isReachable ? leftMs : 0);
  }

  /**
   * False if it cannot be known now: an outage keeps no instance from starting. Rejects with what only a
   * deployer mends, if it is known soon.
   */
  async #checkFanout(): Promise<boolean> {
    const { fanout, clock } = this.#ports;
    const checked = fanout.check().then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    const failure = await withTimeout(
      clock,
      DOORBELL_MS,
      checked.then((found) => found ?? 'checked'),
    );
    if (failure === undefined) return false;
    if (failure === 'checked') return true;
    if (isLasting(failure.error)) throw failure.error;
    return false;
  }

  #setResumer(resumer: Resumer): void {
    // A run's row does not say which of several executors it was.
    if (this.#resumer) {
      throw new BackendError('configuration', 'Only one handler of a backend can resume runs.');
    }
    this.#resumer = resumer;
  }

  async #nextInstance(): Promise<Instance> {
    const { fanout, registry, control } = this.#ports;
    // A life costs the same however many leases there are.
    const leases =
      fanout.needsLiveInstances === false ? [] : await (control?.registry ?? registry).leases();
    // Also the dead: until they are cleaned up after, the topic has their subscriptions.
    return this.#newInstance(leases.map(({ instance }) => instance));
  }

  #newInstance(living: readonly string[]): Instance {
    const { instanceName, prefix, lease, ...settings } = this.#settings;
    const { entropy, fanout } = this.#ports;
    const id = fanout.instanceId(instanceName, shortId(entropy.id()), living);
    return new Instance(
      {
        ...this.#ports,
        id,
        queueName: queueName(prefix, id),
        host: this.#settings.host ?? hostname(),
        version: VERSION,
        logger: settings.logger,
        settings: lease,
        retentionMs: settings.retentionMs,
        inlineContent: settings.inlineContent,
        cancelDeadlineMs: settings.cancelDeadlineMs,
        // The first handler may still be to come; a process of queues alone never makes one.
        resumer: () => this.#resumer ?? (this.#hasHandler ? undefined : 'undecided'),
      },
      (dead) => {
        this.#replacing = this.#replace();
        void dead.bury(this.#leave.signal);
      },
    );
  }

  /** This instance was declared dead: another life, with a new id and a new queue. */
  async #replace(): Promise<void> {
    const { logger, lease } = this.#settings;
    const { signal } = this.#leave;
    while (!signal.aborted) {
      try {
        const next = await this.#nextInstance();
        await next.start();
        this.#instance = next;
        return;
      } catch (error) {
        logger.error('instance.restart-failed', errorFields(error));
        // Each try leaves a lease row to be cleaned up: not too many.
        await sleep(this.#ports.clock, lease.leaseMs, signal);
      }
    }
  }
}
