import { hostname } from 'node:os';
import { BackendError } from '@a2a-aws/core';
import {
  elapsed,
  errorFields,
  Instance,
  isLasting,
  type PushTransport,
  type Resumer,
  shortId,
  sleep,
  withTimeout,
} from '@a2a-aws/core/internal';
import { queueName } from '@a2a-aws/sns-sqs';
import type { BackendPorts } from './backend-ports.ts';
import type { OpenConnections } from './connections/open-connections.ts';
import type { BackendSettings } from './options/options.ts';
import type { RunGate } from './overload/run-gate.ts';
import type { Webhooks } from './pushes/webhooks.ts';
import { VERSION } from './version.ts';

/** How long a stop may take after draining, in milliseconds; work still unfinished then is abandoned. */
const TEARDOWN_MS = 12_000;
/** How long a start waits at most for SNS and SQS, in milliseconds. */
const DOORBELL_MS = 5_000;

export interface BackendLivesDeps {
  readonly settings: BackendSettings;
  readonly ports: BackendPorts;
  /** Returns the resumer for runs of dead instances; `undecided` until the first handler exists. */
  readonly resumer: () => Resumer | 'undecided' | undefined;
  readonly connections: Pick<OpenConnections, 'end'>;
  /** Returns the transport of push notifications, once a handler has one. */
  readonly transport: () => PushTransport | undefined;
  readonly webhooks: Pick<Webhooks, 'close'>;
  readonly gate: Pick<RunGate, 'stop'>;
}

/**
 * The lives of a backend: a process has one instance at a time, and gets a new one, with a new id and a
 * new queue, when it resumes, or when its instance was declared dead.
 */
export class BackendLives {
  readonly #deps: BackendLivesDeps;
  #instance: Instance;
  #starting: Promise<void> | undefined;
  #replacing: Promise<void> = Promise.resolve();
  #suspending: Promise<void> = Promise.resolve();
  #isStopped = false;
  /** Aborts when this process gives up its instance, for now or for good. */
  #leave = new AbortController();

  constructor(deps: BackendLivesDeps) {
    this.#deps = deps;
    this.#instance = this.#newInstance([]);
  }

  /** The current instance. */
  get instance(): Instance {
    return this.#instance;
  }

  /** True once the backend was stopped for good. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Starts the first life. Concurrent calls share one start; a failed one may be repeated. */
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

  /** Ends the current life for good. Never rejects. */
  async stop(drainMs: number): Promise<void> {
    this.#isStopped = true;
    await this.suspend(drainMs);
    this.#deps.ports.calls?.close();
  }

  /** Ends the current life; {@link resume} starts another. Never rejects. */
  suspend(drainMs: number): Promise<void> {
    this.#suspending = this.#suspending.then(() => this.#suspend(drainMs));
    return this.#suspending;
  }

  /** Starts another life after {@link suspend}. Rejects as {@link start} does. */
  async resume(): Promise<void> {
    await this.#suspending;
    if (this.#leave.signal.aborted && !this.#isStopped) {
      this.#leave = new AbortController();
      this.#starting = undefined;
    }
    await this.start();
  }

  async #suspend(drainMs: number): Promise<void> {
    this.#leave.abort();
    const { connections, webhooks, gate, ports } = this.#deps;
    // Calls that are not answered in time are abandoned, and must not keep the process alive.
    await withTimeout(ports.clock, drainMs + TEARDOWN_MS, this.#drain(drainMs));
    await connections.end(ports.clock);
    webhooks.close();
    gate.stop();
    ports.calls?.abort();
  }

  async #drain(drainMs: number): Promise<void> {
    await this.#starting?.catch(() => {});
    await this.#replacing;
    await this.#instance.stop(drainMs);
  }

  async #start(): Promise<void> {
    const { storage, clock } = this.#deps.ports;
    const since = clock.now();
    const [, isReachable] = await Promise.all([storage.check(), this.#checkFanout()]);
    // A failed start has used up its instance id: no id may stand for two lives.
    this.#instance = await this.#nextInstance();
    const leftMs = DOORBELL_MS - elapsed(since, clock.now());
    await this.#instance.start(isReachable ? leftMs : 0);
  }

  /**
   * Resolves to false if the fan-out cannot be checked in time: an outage does not keep an instance from
   * starting. Rejects with an error that only a deployer can fix, if it is known in time.
   */
  async #checkFanout(): Promise<boolean> {
    const { fanout, clock } = this.#deps.ports;
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

  async #nextInstance(): Promise<Instance> {
    const { fanout, registry, control } = this.#deps.ports;
    // Without this, the cost of a start would grow with the number of leases.
    const leases =
      fanout.needsLiveInstances === false ? [] : await (control?.registry ?? registry).leases();
    // Dead instances count, too: until they are cleaned up, the topic has their subscriptions.
    return this.#newInstance(leases.map(({ instance }) => instance));
  }

  #newInstance(others: readonly string[]): Instance {
    const { settings: all, ports, resumer, transport } = this.#deps;
    const { instanceName, prefix, lease, ...settings } = all;
    const { entropy, fanout } = ports;
    const id = fanout.instanceId(instanceName, shortId(entropy.id()), others);
    return new Instance(
      {
        ...ports,
        id,
        queueName: queueName(prefix, id),
        host: settings.host ?? hostname(),
        version: VERSION,
        logger: settings.logger,
        settings: lease,
        retentionMs: settings.retentionMs,
        inlineContent: settings.inlineContent,
        maxRecordDelayMs: settings.maxRecordDelayMs,
        cancelDeadlineMs: settings.cancelDeadlineMs,
        resumer,
        pushes: { ledger: ports.pushLedger, transport },
      },
      (dead) => {
        this.#replacing = this.#replace();
        void dead.removeLateRows(this.#leave.signal);
      },
    );
  }

  /** Starts another life after this instance was declared dead. */
  async #replace(): Promise<void> {
    const { ports, settings } = this.#deps;
    const { signal } = this.#leave;
    while (!signal.aborted) {
      try {
        const next = await this.#nextInstance();
        await next.start();
        this.#instance = next;
        return;
      } catch (error) {
        settings.logger.error('instance.restart-failed', errorFields(error));
        // Each attempt leaves a lease row that must be cleaned up, so attempts are far apart.
        await sleep(ports.clock, settings.lease.leaseMs, signal);
      }
    }
  }
}
