import { RetriedStep } from '../logging/retried-step.ts';
import { type Clock, elapsed, sleep } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import { type FleetKeySet, type FleetKeys, newFleetKey } from '../ports/fleet-keys.ts';
import type { Logger } from '../ports/logger.ts';
import { checkSeal, type Seal, type SealCheck, sealer } from './doorbell-seal.ts';

/** How often the keys are read, in milliseconds. */
export const KEYS_READ_MS = 60_000;
/** After an unknown key, or a failed read, they are read again, but not more often than this. */
export const KEYS_RETRY_MS = 10_000;
/** After this long without a read, keys may have been replaced; milliseconds. */
const KEYS_STALE_MS = 150_000;

export interface KeyringDeps {
  readonly registry: FleetKeys;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  /** Aborts when the instance stops or has died. */
  readonly signal: AbortSignal;
}

/** The fleet's doorbell keys on one instance. Without any it neither signs nor accepts. */
export class Keyring {
  readonly #deps: KeyringDeps;
  #set: FleetKeySet | undefined;
  #readAtMs: number | undefined;
  #triedAtMs: number | undefined;
  #isFailing = false;
  #reading: Promise<void> | undefined;
  readonly #retried: RetriedStep;

  constructor(deps: KeyringDeps) {
    this.#deps = deps;
    this.#retried = new RetriedStep('doorbell.keys-failed', deps);
  }

  /** True while the last read is recent enough to know the keys that other instances sign with. */
  get isCurrent(): boolean {
    if (this.#readAtMs === undefined) return false;
    return elapsed(this.#readAtMs, this.#deps.clock.now()) < KEYS_STALE_MS;
  }

  /** Seals a text; `undefined` while no key is known. */
  get seal(): ((text: string) => Seal) | undefined {
    return this.#set && sealer(this.#set);
  }

  /** Checks a seal. An unknown key may be a new one: the keys are read again, at most every 10 s. */
  check(seal: Seal, text: string): SealCheck {
    const checked = this.#set ? checkSeal(this.#set, seal, text) : 'unknown-key';
    if (checked === 'unknown-key') this.#readSoon();
    return checked;
  }

  /** Reads the keys; creates the first key of a fleet. Never rejects: a failure is logged. */
  read(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** Reads the keys once a minute until the instance stops, so that a rotation reaches an idle fleet. */
  async readUntilStopped(): Promise<void> {
    const { clock, signal } = this.#deps;
    while (!signal.aborted) {
      await sleep(clock, this.#isFailing ? KEYS_RETRY_MS : KEYS_READ_MS, signal);
      if (!signal.aborted) await this.read();
    }
  }

  #readSoon(): void {
    const { clock, signal } = this.#deps;
    const now = clock.now();
    const isTooSoon =
      this.#triedAtMs !== undefined && elapsed(this.#triedAtMs, now) < KEYS_RETRY_MS;
    if (!isTooSoon && !signal.aborted) void this.read();
  }

  async #read(): Promise<void> {
    const { registry, clock, entropy } = this.#deps;
    const asked = clock.now();
    this.#triedAtMs = asked;
    try {
      this.#set = await registry.doorbellKeys(() => newFleetKey(entropy));
      this.#readAtMs = asked;
      this.#isFailing = false;
      this.#retried.succeeded();
    } catch (error) {
      // Without keys doorbells are silent, which costs latency only.
      this.#isFailing = true;
      this.#retried.failed(error);
    }
  }
}
