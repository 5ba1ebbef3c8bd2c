import { fencedError } from '../errors.ts';
import { errorFields } from '../logging/error-fields.ts';
import { taskFields } from '../logging/task-fields.ts';
import { type Clock, elapsed, sleep } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { InstanceRegistry, Intent, Lease, LeaseTerms } from '../ports/instance-registry.ts';
import type { Logger } from '../ports/logger.ts';
import { Retries } from '../retry.ts';
import type { IntentRecorder } from '../runs/intents.ts';
import type { LeaseSettings } from './lease-settings.ts';
import type { Role } from './role.ts';

export interface HeartbeatDeps {
  readonly instance: string;
  /** Written into the lease row before the queue exists, so that a janitor finds it. */
  readonly queueName: string;
  readonly registry: InstanceRegistry;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  readonly settings: LeaseSettings;
  readonly role: Role;
  /** See {@link Lease.host} and {@link Lease.version}. */
  readonly host?: string | undefined;
  readonly version?: string | undefined;
  readonly signal: AbortSignal;
  /** Called once, when this instance learns that it was declared dead. */
  readonly died: () => void;
}

/** How often an instance tries to declare itself dead. */
const RETIRE_TRIES = 3;
/** Characters of the host's name that the lease keeps: a beat writes the whole row, in one write unit. */
const MAX_HOST_LENGTH = 64;

/** Renews the lease of this instance, and records its intents. */
export class Heartbeat implements IntentRecorder {
  readonly #deps: HeartbeatDeps;
  readonly #retired = new AbortController();
  #beating: Promise<void> = Promise.resolve();
  #beat = 0;
  #renewedAtMs: number | undefined;

  constructor(deps: HeartbeatDeps) {
    this.#deps = deps;
  }

  /** Writes the lease row, then renews it once. If the process dies in between, a janitor removes it. */
  async register(): Promise<void> {
    const { instance, queueName, registry, clock } = this.#deps;
    if (!(await registry.register(instance, queueName, this.#terms()))) throw fencedError();
    this.#beat += 1;
    if (!(await registry.beat(instance, this.#beat, clock.now()))) throw fencedError();
    this.#renewedAtMs = clock.now();
  }

  #terms(): LeaseTerms {
    const { settings, role, host, version, clock } = this.#deps;
    return {
      leaseMs: settings.leaseMs,
      startedAt: clock.now(),
      ...(role === 'janitor' && { serves: false }),
      ...(host === undefined ? {} : { host: host.slice(0, MAX_HOST_LENGTH) }),
      ...(version === undefined ? {} : { version }),
    };
  }

  /** Milliseconds since the last renewal was confirmed; `undefined` before the first. */
  get silentMs(): number | undefined {
    return this.#renewedAtMs === undefined
      ? undefined
      : elapsed(this.#renewedAtMs, this.#deps.clock.now());
  }

  /** Renews the lease until the instance stops or retires. A refused renewal means that it was declared dead. */
  runHeartbeat(): Promise<void> {
    const stop = (): void => this.#retired.abort();
    if (this.#deps.signal.aborted) stop();
    this.#deps.signal.addEventListener('abort', stop, { once: true });
    this.#beating = this.#renewUntilStopped(this.#retired.signal, this.#deps.died);
    return this.#beating;
  }

  /**
   * Stops renewing, then declares this instance dead. Returns its dead lease, or `undefined` if another
   * instance was faster.
   */
  async retire(): Promise<Lease | undefined> {
    const { instance, registry, logger } = this.#deps;
    this.#retired.abort();
    await this.#beating;
    for (let tries = 0; tries < RETIRE_TRIES; tries += 1) {
      const lease = await registry.lease(instance);
      if (lease?.state !== 'alive') return undefined;
      // A renewal that got no answer may still arrive in between.
      if (!(await registry.markDead(instance, lease.beat))) continue;
      // The address may have changed since the lease was read; from now on it cannot.
      return (await registry.lease(instance)) ?? lease;
    }
    // The lease is not renewed any more: another instance declares it dead once it has expired.
    logger.warn('instance.retire-failed', { instance });
    return undefined;
  }

  async #renewUntilStopped(signal: AbortSignal, died: () => void): Promise<void> {
    const { instance, registry, clock, entropy, logger, settings } = this.#deps;
    const retries = new Retries('lease.beat-retried', { clock, entropy, logger, signal });
    await sleep(clock, settings.beatMs, signal);
    while (!signal.aborted) {
      try {
        this.#beat += 1;
        if (!(await registry.beat(instance, this.#beat, clock.now()))) {
          died();
          return;
        }
        retries.succeeded();
        this.#renewedAtMs = clock.now();
        await sleep(clock, settings.beatMs, signal);
      } catch (error) {
        await retries.failed(error);
      }
    }
  }

  /**
   * Records an intent to append to a task's log. No instance appends without one: after a crash, the
   * janitor opens every log that an intent names. `registry` uses the client of the work that the
   * intent is for, so that clients do not delay the renewal of the lease.
   */
  async recordIntent(row: Intent, registry: InstanceRegistry): Promise<void> {
    const { instance, logger, died } = this.#deps;
    await registry.putIntent(row);
    // Read after the row was written: a janitor that did not see the row had not yet marked this lease.
    const lease = await registry.lease(instance);
    if (lease?.state === 'alive') return;
    died();
    // Nothing was appended under it, and the janitor's last pass may be over.
    await registry.removeIntent(row).catch((error: unknown) => {
      logger.warn('run.row-left', {
        ...taskFields(row.key),
        run: row.run,
        ...errorFields(error),
      });
    });
    throw fencedError();
  }
}
