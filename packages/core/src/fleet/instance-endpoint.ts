import { endpointStep } from '../doorbells/endpoint-repair.ts';
import { roundName } from '../doorbells/queue-round.ts';
import { BackendError, errorCode, fencedError } from '../errors.ts';
import { errorFields } from '../logging/error-fields.ts';
import { type Clock, elapsed, sleep } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import {
  type Fanout,
  type FanoutAddress,
  type FormerAddress,
  isSameAddress,
} from '../ports/fanout.ts';
import type { InstanceRegistry } from '../ports/instance-registry.ts';
import type { Logger } from '../ports/logger.ts';
import type { OpenLogs } from '../reading/open-logs.ts';
import type { LeaseSettings } from './lease-settings.ts';

export interface InstanceEndpointDeps {
  readonly instance: string;
  /** The name of its first queue, which the lease row holds. */
  readonly queueName: string;
  readonly registry: InstanceRegistry;
  readonly fanout: Fanout;
  readonly logs: OpenLogs;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  readonly settings: LeaseSettings;
  /** Returns the milliseconds since the lease was last renewed. */
  readonly silentMs: () => number;
  /** Aborts when the instance stops or has died. */
  readonly signal: AbortSignal;
  /** Called when this instance learns that it was declared dead. */
  readonly died: () => void;
}

/** How often an instance looks after its endpoint, in milliseconds. */
const LOOK_MS = 2_000;
/** How often it makes sure that it is still subscribed; milliseconds. */
const CONFIRM_MS = 50_000;
/** The same after an answer that was lost; milliseconds. */
const CONFIRM_AGAIN_MS = 5_000;

interface Former {
  readonly address: FormerAddress;
  readonly givenUpAtMs: number;
}

/**
 * The endpoint at which an instance receives doorbells. It is provisioned in the background, and
 * created again if it was lost. It does not depend on the lease: an instance without an endpoint reads
 * its logs, like an instance with a lost one.
 *
 * Every name is in the lease row before a resource with this name is created. It stays there until
 * that resource was removed twice, a quarantine apart.
 */
export class InstanceEndpoint {
  readonly #deps: InstanceEndpointDeps;
  readonly #end = new AbortController();
  readonly #first: { promise: Promise<unknown>; resolve: (fault: unknown) => void };
  #round = 0;
  #revision = 0;
  #address: FanoutAddress;
  /** True while the lease row may contain another address than {@link #address}. */
  #isUncertain = false;
  #former: readonly Former[] = [];
  /** True if the transport gives this instance no endpoint. */
  #isUnheard = false;
  #fault: unknown;
  #tries = 0;
  #triedAtMs = 0;
  #provisionedAtMs = 0;
  #confirmedAtMs = 0;
  #random = 0;
  /** Since when there has been no endpoint that works; `undefined` while there is one. */
  #missingSinceMs: number | undefined;

  constructor(deps: InstanceEndpointDeps) {
    this.#deps = deps;
    this.#address = { queueName: deps.queueName };
    let resolve: (fault: unknown) => void = () => {};
    const promise = new Promise<unknown>((done) => {
      resolve = done;
    });
    this.#first = { promise, resolve };
  }

  /** Resolves when the first try is over, with its error or `undefined`. */
  get firstTry(): Promise<unknown> {
    return this.#first.promise;
  }

  /** Why there is no endpoint that works: a code. Undefined if there is one, or none is wanted. */
  get fault(): string | undefined {
    const { logs, fanout } = this.#deps;
    if (!fanout.delivers || this.#isUnheard) return undefined;
    if (this.#fault !== undefined) return errorCode(this.#fault);
    const { view: endpoint } = logs.doorbells;
    if (!endpoint) return 'provisioning';
    if (endpoint.isLost) return 'lost';
    return endpoint.isReceiving ? undefined : 'silent';
  }

  /** Checks and repairs the endpoint until the instance stops or has died. */
  async maintainEndpoint(): Promise<void> {
    const { clock, signal } = this.#deps;
    const stop = (): void => this.stop();
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    while (!this.#end.signal.aborted) {
      await this.#checkEndpoint();
      await sleep(clock, LOOK_MS, this.#end.signal);
    }
    signal.removeEventListener('abort', stop);
  }

  /** Creates nothing any more; a call in flight may still create something. */
  stop(): void {
    this.#end.abort();
    this.#first.resolve(new BackendError('draining', 'The instance has stopped.'));
  }

  /**
   * Removes this instance's endpoint, for the case that no lease names it to others. Removes only queues
   * and subscriptions that are marked as this fleet's. Rejects with a coded error; safe to repeat.
   */
  async remove(): Promise<void> {
    const { fanout, instance } = this.#deps;
    if (!fanout.delivers || this.#isUnheard) return;
    const former = this.#former.map((one) => one.address);
    await fanout.teardown(instance, { ...this.#address, former }, 'mark');
  }

  async #checkEndpoint(): Promise<void> {
    const { logs } = this.#deps;
    // After a long pause, the next heartbeat shows whether this instance still needs an endpoint.
    if (this.#isUnheard || this.#mayBeDead()) return;
    this.#reportChange();
    const step = this.#nextStep();
    if (step !== 'wait') await this.#applyStep(step);
    else if (logs.doorbells.view && !(await this.#isConfirmed())) await this.#repairEndpoint();
    if (this.#end.signal.aborted) return;
    await this.#removeFormer();
    if (!this.#end.signal.aborted) logs.doorbells.probe();
  }

  /** Logs an endpoint that was lost, and one that works again. */
  #reportChange(): void {
    const { logs, clock, logger } = this.#deps;
    const { view: endpoint } = logs.doorbells;
    if (endpoint?.isReceiving && !endpoint.isLost) {
      this.#tries = 0;
      if (this.#missingSinceMs === undefined) return;
      const durationMs = clock.now() - this.#missingSinceMs;
      this.#missingSinceMs = undefined;
      logger.info('doorbell.recovered', { durationMs });
      return;
    }
    const step = this.#nextStep();
    if (!endpoint || step === 'wait' || this.#missingSinceMs !== undefined) return;
    this.#missingSinceMs = clock.now();
    logger.warn('doorbell.lost', { code: endpoint.isLost ? 'lost' : 'silent' });
  }

  /** Returns false if no subscription delivers to the queue; true also if that is unknown. */
  async #isConfirmed(): Promise<boolean> {
    const { fanout, instance, clock } = this.#deps;
    const now = clock.now();
    if (!fanout.confirm || elapsed(this.#confirmedAtMs, now) < CONFIRM_MS) return true;
    this.#confirmedAtMs = now;
    try {
      const isConfirmed = await fanout.confirm(instance, this.#address);
      await this.#removeIfDead();
      return isConfirmed;
    } catch (error) {
      // A new subscription may have been made whose ARN is not known here.
      this.#confirmedAtMs = now - CONFIRM_MS + CONFIRM_AGAIN_MS;
      // An outage shows where doorbells are sent and received.
      return errorCode(error) !== 'name-taken';
    }
  }

  async #repairEndpoint(): Promise<void> {
    const { logs, clock, logger } = this.#deps;
    if (this.#end.signal.aborted) return;
    // Once per outage.
    if (this.#missingSinceMs === undefined) logger.warn('doorbell.lost', { code: 'lost' });
    this.#missingSinceMs ??= clock.now();
    logs.doorbells.reset();
    await this.#applyStep('provision');
  }

  #nextStep(): ReturnType<typeof endpointStep> {
    const { logs, clock } = this.#deps;
    const now = clock.now();
    return endpointStep({
      endpoint: logs.doorbells.view,
      ageMs: elapsed(this.#provisionedAtMs, now),
      triedMs: elapsed(this.#triedAtMs, now),
      tries: this.#tries,
      fault: this.#fault === undefined ? undefined : errorCode(this.#fault),
      random: this.#random,
    });
  }

  async #applyStep(step: 'provision' | 'replace'): Promise<void> {
    const { clock, entropy, logger } = this.#deps;
    try {
      if (step === 'replace') await this.#replaceAddress();
      await this.#provision();
      this.#fault = undefined;
    } catch (error) {
      if (this.#end.signal.aborted) return;
      this.#missingSinceMs ??= clock.now();
      if (this.#fault === undefined || errorCode(this.#fault) !== errorCode(error)) {
        logger.warn('doorbell.unavailable', errorFields(error));
      }
      this.#fault = error;
    } finally {
      this.#tries += 1;
      this.#triedAtMs = clock.now();
      this.#random = entropy.random();
      this.#first.resolve(this.#fault);
    }
  }

  /** Replaces the address by one with another name, which is stored before it is provisioned. */
  async #replaceAddress(): Promise<void> {
    const { queueName, logs, clock } = this.#deps;
    const { former: _, ...address } = this.#address;
    const round = this.#round + 1;
    const former = [...this.#former, { address, givenUpAtMs: clock.now() }];
    const next = { queueName: roundName(queueName, round) };
    await this.#writeAddress(next, former);
    this.#round = round;
    this.#address = next;
    this.#former = former;
    logs.doorbells.stopListening();
    // The first of two passes; the second looks again.
    await this.#removeEndpoints([address]);
  }

  async #provision(): Promise<void> {
    const { fanout, instance, logs, clock } = this.#deps;
    if (this.#end.signal.aborted) return;
    let made: FanoutAddress | undefined;
    try {
      made = await fanout.provision(instance, this.#address.queueName);
    } catch (error) {
      if (!this.#end.signal.aborted) throw error;
    }
    if (this.#end.signal.aborted) {
      // The janitor's last pass over this instance may be over.
      const { queueName = '' } = this.#address;
      await this.#removeEndpoints([{ queueName }]);
      return;
    }
    if (made === undefined) {
      this.#isUnheard = true;
      return;
    }
    const isSame = isSameAddress(made, this.#address);
    if (isSame) await this.#removeIfDead();
    else {
      this.#isUncertain = true;
      await this.#writeAddress(made, this.#former);
    }
    if (this.#end.signal.aborted) return;
    this.#isUncertain = false;
    this.#address = made;
    // The transport may have restored it under the address that it had.
    if (isSame && logs.doorbells.view && this.#missingSinceMs === undefined) return;
    this.#provisionedAtMs = clock.now();
    this.#confirmedAtMs = this.#provisionedAtMs;
    logs.doorbells.listen();
    logs.doorbells.probe();
  }

  /** Stores the address of this instance in its lease row. */
  async #writeAddress(address: FanoutAddress, former: readonly Former[]): Promise<void> {
    const { registry, instance } = this.#deps;
    const all = { ...address, former: former.map((one) => one.address) };
    this.#revision += 1;
    if (await registry.setAddress(instance, all, this.#revision)) return;
    await this.#removeAll([address, ...all.former]);
  }

  /** Returns true if the lease may have expired: a janitor may have cleaned up after this instance. */
  #mayBeDead(): boolean {
    const { silentMs, settings } = this.#deps;
    return silentMs() >= settings.leaseMs;
  }

  /**
   * Removes the resources that a call has just created if the process was paused for too long
   * during it.
   */
  async #removeIfDead(): Promise<void> {
    const { registry, instance } = this.#deps;
    if (!this.#mayBeDead()) return;
    if ((await registry.lease(instance))?.state === 'alive') return;
    // By name: the address does not contain a resource that was created late.
    const { queueName = this.#deps.queueName } = this.#address;
    await this.#removeAll([{ queueName }, ...this.#former.map((one) => one.address)]);
  }

  /** Removes the endpoints and rejects with `fenced`: the janitor's last pass may be over. */
  async #removeAll(addresses: readonly FormerAddress[]): Promise<never> {
    await this.#removeEndpoints(addresses);
    this.#deps.died();
    throw fencedError();
  }

  /** Removes for the second time the addresses that were given up a quarantine ago. */
  async #removeFormer(): Promise<void> {
    const { settings, clock } = this.#deps;
    const now = clock.now();
    const due = this.#former.filter(
      (one) => elapsed(one.givenUpAtMs, now) >= settings.quarantineMs,
    );
    // A write that said time-out may have stored an address that this instance does not have yet.
    if (due.length === 0 || this.#isUncertain) return;
    const left = this.#former.filter((one) => !due.includes(one));
    if (await this.#removeEndpoints(due.map((one) => one.address))) {
      try {
        await this.#writeAddress(this.#address, left);
        this.#former = left;
        return;
      } catch (error) {
        this.#deps.logger.warn('doorbell.leftover', errorFields(error));
      }
    }
    // Retried later, not at every check.
    const later = due.map(({ address }) => ({ address, givenUpAtMs: now }));
    this.#former = [...left, ...later];
  }

  /** Returns false if something may be left. */
  async #removeEndpoints(addresses: readonly FormerAddress[]): Promise<boolean> {
    const { fanout, instance, logger } = this.#deps;
    try {
      for (const address of addresses) await fanout.teardown(instance, address);
      return true;
    } catch (error) {
      logger.warn('doorbell.leftover', errorFields(error));
      return false;
    }
  }
}
