import { BackendError } from '../errors.ts';
import { type Clock, elapsed } from '../ports/clock.ts';
import type { Fanout, FanoutReceiver } from '../ports/fanout.ts';
import type { Logger } from '../ports/logger.ts';
import type { Doorbell } from './doorbell.ts';
import { decodeMessage } from './doorbell-codec.ts';
import { DoorbellHealth } from './doorbell-health.ts';
import type { DoorbellSender } from './doorbell-sender.ts';
import type { EndpointView } from './endpoint-repair.ts';
import type { Keyring } from './keyring.ts';

export interface DoorbellReceiverDeps {
  readonly instance: string;
  readonly fanout: Fanout;
  /** Proves that an instance of this fleet sent a doorbell. */
  readonly keyring: Pick<Keyring, 'check' | 'isCurrent'>;
  readonly sender: DoorbellSender;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Returns true while a tap, a run or a watch of this instance waits for records of others. */
  readonly isAttended: () => boolean;
  /** Receives every authentic doorbell, except probes. */
  readonly onDoorbell: (doorbell: NewsDoorbell) => void;
}

/** A doorbell that tells this instance about another one. */
export type NewsDoorbell = Exclude<Doorbell, { readonly kind: 'canary' }>;

/** Messages that are not authentic are logged no more often than this, in milliseconds. */
const LOG_AGAIN_MS = 60_000;

/** Receives the doorbells of this instance, and watches by probes whether they arrive. */
export class DoorbellReceiver {
  readonly #deps: DoorbellReceiverDeps;
  readonly #health = new DoorbellHealth();
  #receiver: FanoutReceiver | undefined;
  #ignored = 0;
  #unauthenticated = 0;
  #loggedAtMs: number | undefined;

  constructor(deps: DoorbellReceiverDeps) {
    this.#deps = deps;
  }

  /** Receives at the address that was provisioned last, and no longer anywhere else. */
  listen(): void {
    const { fanout, instance } = this.#deps;
    this.stopListening();
    this.#receiver = fanout.receive(instance, (text) => this.#onMessage(text));
  }

  /** Receives nothing any more. */
  stopListening(): void {
    void this.#receiver?.close();
    this.#receiver = undefined;
    this.#health.reset();
  }

  /** Receives nothing any more; resolves when the last message was handled. */
  async stop(): Promise<void> {
    const receiver = this.#receiver;
    this.#receiver = undefined;
    await receiver?.close();
  }

  /** Forgets that doorbells have arrived. */
  reset(): void {
    this.#health.reset();
  }

  /** Sends a probe if one is due while nothing here waits, so that a lost doorbell is noticed. */
  probe(): void {
    const { clock, fanout, isAttended } = this.#deps;
    if (!this.#receiver || !fanout.delivers || isAttended()) return;
    const now = clock.now();
    this.#health.idle();
    if (this.#health.shouldProbeIdle(now)) void this.#sendProbe(now);
  }

  /** Sends a probe if one is due while something here waits. Call it often. */
  tick(): void {
    const { clock, isAttended } = this.#deps;
    const now = clock.now();
    if (!isAttended()) this.#health.idle();
    else if (this.#receiver && this.#health.shouldProbe(now)) void this.#sendProbe(now);
  }

  /** The state of this instance's doorbell; `undefined` while it has none. */
  get view(): EndpointView | undefined {
    const now = this.#deps.clock.now();
    return (
      this.#receiver && {
        isLost: this.#receiver.lost ?? false,
        isReceiving: this.#health.isReceiving(now),
        silentMs: this.#health.silentMs,
      }
    );
  }

  /**
   * True while doorbells are seen to arrive. A probe shows it every few seconds while something here
   * waits, and every {@link IDLE_PROBE_MS} otherwise. `undefined` if the transport does not deliver.
   */
  get healthy(): boolean | undefined {
    const { clock, fanout, isAttended, keyring } = this.#deps;
    if (!fanout.delivers) return undefined;
    if (!this.#receiver?.healthy) return false;
    const now = clock.now();
    if (!isAttended()) return this.#health.isReceiving(now);
    // Without the current keys, doorbells of other instances may be refused here.
    return keyring.isCurrent && this.#health.isConfirmed(now);
  }

  /** How long the last probe was under way, in milliseconds. */
  get lagMs(): number | undefined {
    return this.#health.lagMs;
  }

  /** Authentic doorbells of kinds that this release does not know. */
  get ignored(): number {
    return this.#ignored;
  }

  /** Messages that were not proven to come from this fleet: they changed nothing. */
  get unauthenticated(): number {
    return this.#unauthenticated;
  }

  /** A probe that the transport did not take says nothing about this instance's doorbell. */
  async #sendProbe(at: number): Promise<void> {
    const { instance, sender } = this.#deps;
    const receiver = this.#receiver;
    const isTaken = await sender.send([instance], { kind: 'canary', instance, at });
    if (isTaken && receiver === this.#receiver) this.#health.probeTaken(at);
  }

  #onMessage(text: string): void {
    const { keyring, clock } = this.#deps;
    const message = decodeMessage(text, (seal, doorbell) => keyring.check(seal, doorbell));
    // It does not go to the dead-letter queue, which a stranger must not be able to fill.
    if (message === 'unauthenticated') {
      this.#onStranger();
      return;
    }
    // A newer release may have sent a doorbell about a record.
    if (message.unknown > 0) this.#health.unrecognized(clock.now());
    this.#ignored += message.unknown;
    for (const doorbell of message.doorbells) this.#onDoorbell(doorbell);
    // It goes to the dead-letter queue. Its other doorbells come again then, and change nothing.
    if (message.malformed > 0) throw new BackendError('corrupt-log', 'Not a doorbell.');
  }

  #onDoorbell(doorbell: Doorbell): void {
    const { instance, clock, onDoorbell } = this.#deps;
    if (doorbell.kind !== 'canary') onDoorbell(doorbell);
    else if (doorbell.instance === instance) this.#health.probeArrived(doorbell.at, clock.now());
  }

  /** Counts the message, and logs at most once a minute. */
  #onStranger(): void {
    this.#unauthenticated += 1;
    const now = this.#deps.clock.now();
    if (this.#loggedAtMs !== undefined && elapsed(this.#loggedAtMs, now) < LOG_AGAIN_MS) return;
    this.#loggedAtMs = now;
    this.#deps.logger.warn('doorbell.unauthenticated', { messages: this.#unauthenticated });
  }
}
