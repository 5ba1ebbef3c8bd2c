import { errorCode } from '../errors.ts';
import { taskFields } from '../logging/task-fields.ts';
import type { AppliedRecord } from '../model/fold.ts';
import { compareSlots } from '../model/slot.ts';
import type { PushStart } from '../model/state.ts';
import { type Clock, sleep } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { Logger } from '../ports/logger.ts';
import type { PushPlace, PushProgress } from '../ports/push-ledger.ts';
import type { LogTap } from '../reading/log-tap.ts';
import type { OpenLog } from '../reading/open-log.ts';
import { Retries, retryUntilDone } from '../retry.ts';
import type { PushOutcome, PushReceiver, PushTransport } from './push-transport.ts';
import { type PushedEntry, pushedEntries, pushId } from './pushed-entries.ts';

export interface PushLaneDeps {
  readonly open: OpenLog;
  readonly transport: PushTransport;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  /** Aborts when this instance must not deliver any more. */
  readonly signal: AbortSignal;
  /** Returns true while the lease of this instance has not expired. */
  readonly isServing: () => boolean;
  /** Called when the progress of the configuration has changed, or the lane waits or rests. */
  readonly changed: () => void;
}

/** Events that are kept in memory for a lane. A slower lane reads from the table. */
const MAX_EVENTS = 64;
/** How long a look-up of the receiver is valid if no entry of the log can report a change, in milliseconds. */
const RECEIVER_MS = 1_000;
/** How long a lane waits for its instance to renew its lease, in milliseconds. */
const LEASE_RETRY_MS = 1_000;

/**
 * Delivers the events of a task to the receiver of one push configuration, one after another and in
 * the order of the log. It reads as it delivers, so a slow receiver costs no memory.
 */
export class PushLane {
  readonly config: string;
  readonly #deps: PushLaneDeps;
  readonly #stop = new AbortController();
  readonly #unlink: () => void;
  readonly #reads: Retries;
  #start: PushStart;
  #progress: PushProgress;
  #receiver: PushReceiver | undefined;
  #receiverAtMs: number;
  #tap: { readonly tap: LogTap; readonly close: () => void } | undefined;
  #record: AppliedRecord | undefined;
  #isRunning = false;
  #isWaiting = false;

  constructor(
    config: string,
    start: PushStart,
    progress: PushProgress | undefined,
    receiver: PushReceiver,
    deps: PushLaneDeps,
  ) {
    this.config = config;
    this.#deps = deps;
    this.#start = start;
    this.#receiver = receiver;
    this.#receiverAtMs = deps.clock.now();
    const since = { place: { slot: start.since, entry: 0 } };
    // Progress from before it was removed and set again does not count.
    const isOld = progress && compareSlots(progress.place.slot, start.since) < 0;
    this.#progress = progress && !isOld ? progress : since;
    const aborted = (): void => this.#stop.abort();
    deps.signal.addEventListener('abort', aborted, { once: true });
    if (deps.signal.aborted) aborted();
    this.#unlink = () => deps.signal.removeEventListener('abort', aborted);
    this.#reads = new Retries('push.table-retried', { ...deps, signal: this.#stop.signal });
  }

  get progress(): PushProgress {
    return this.#progress;
  }

  /** True if the receiver has accepted every event that this instance knows, or accepts none any more. */
  get isAtRest(): boolean {
    if (this.#stop.signal.aborted || this.#progress.failure !== undefined) return true;
    return !this.#isRunning && this.#isCaughtUp;
  }

  /** True while the lane waits before another attempt. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /** True if the lane goes on, and began where a configuration with this start begins. */
  isOf({ since }: PushStart): boolean {
    return !this.#stop.signal.aborted && compareSlots(since, this.#start.since) === 0;
  }

  /** Replaces the receiver, after the configuration was set again. */
  update(start: PushStart, receiver: PushReceiver): void {
    this.#start = start;
    this.#receiver = receiver;
    this.#receiverAtMs = this.#deps.clock.now();
  }

  /** Delivers the events that wait. May be called at any time. */
  async run(): Promise<void> {
    if (this.#isRunning || this.isAtRest) return;
    this.#isRunning = true;
    try {
      while (!this.#stop.signal.aborted && this.#progress.failure === undefined) {
        const record = await this.#read();
        if (!record) break;
        await this.#deliverRecord(record);
      }
    } finally {
      this.#isRunning = false;
      if (!this.#stop.signal.aborted) this.#deps.changed();
    }
  }

  /** Ends the lane; an attempt under way is aborted. */
  close(): void {
    this.#stop.abort();
    this.#unlink();
    this.#reads.gaveUp();
    this.#closeTap();
  }

  get #isCaughtUp(): boolean {
    return compareSlots(this.#progress.place.slot, this.#deps.open.log.state.next) >= 0;
  }

  /** Resolves with the record at the lane's place; `undefined` at the end of the log. */
  async #read(): Promise<AppliedRecord | undefined> {
    const { open } = this.#deps;
    const { log } = open;
    while (!this.#isCaughtUp && !this.#stop.signal.aborted) {
      try {
        // Only records that the table holds are delivered.
        if (!log.isConfirmed) await log.refresh();
        if (this.#record && this.#isAt(this.#record)) return this.#record;
        const { slot } = this.#progress.place;
        this.#tap ??= open.tap({ from: slot, maxEvents: MAX_EVENTS });
        const record = await this.#tap.tap.next();
        this.#reads.succeeded();
        if (!record) return undefined;
        if (!this.#isAt(record)) {
          this.#closeTap();
          continue;
        }
        this.#record = record;
      } catch (error) {
        this.#closeTap();
        const code = errorCode(error);
        if (code === 'expired' || code === 'corrupt-log') this.#giveUp(code);
        else if (code !== 'diverged') await this.#reads.failed(error);
      }
    }
    return undefined;
  }

  #isAt({ record }: AppliedRecord): boolean {
    return compareSlots(record.slot, this.#progress.place.slot) === 0;
  }

  async #deliverRecord(step: AppliedRecord): Promise<void> {
    const { since } = this.#start;
    const entries = pushedEntries(step, this.config, since, this.#progress.place);
    for (const [at, entry] of entries.entries()) {
      const isSuperseded = this.#start.latestOnly && entry.isPassing;
      const hasLater = at + 1 < entries.length || this.#hasLater(step);
      if (!(isSuperseded && hasLater) && !(await this.#deliver(entry))) return;
      const { slot, entry: index } = entry.place;
      this.#setPlace({ slot, entry: index + 1 });
    }
    this.#setPlace({ slot: step.state.next, entry: 0 });
    this.#record = undefined;
  }

  #hasLater({ state }: AppliedRecord): boolean {
    const { generation } = this.#deps.open.log.state.next;
    return generation > state.next.generation;
  }

  #setPlace(place: PushPlace): void {
    this.#progress = { place };
    this.#deps.changed();
  }

  /** Resolves with true once the receiver has accepted the event. */
  async #deliver(entry: PushedEntry): Promise<boolean> {
    const { open, transport, clock, entropy, logger } = this.#deps;
    const { signal } = this.#stop;
    const { key } = open.log;
    const event = {
      key,
      id: pushId(key, this.config, entry.place),
      event: entry.event,
      terms: this.#start,
      task: () => open.log.task(),
    };
    for (let attempts = 0; !signal.aborted; ) {
      const receiver = await this.#currentReceiver(attempts > 0);
      if (!receiver || signal.aborted) return false;
      // An instance that was paused may have been replaced.
      if (!this.#deps.isServing()) {
        await sleep(clock, LEASE_RETRY_MS, signal);
        continue;
      }
      const outcome = await attempt(() =>
        receiver.send({ ...event, attempt: attempts + 1 }, signal),
      );
      if (outcome.kind === 'delivered') {
        if (attempts > 0) logger.info('push.recovered', { ...taskFields(key), attempts });
        return true;
      }
      if (signal.aborted) return false;
      attempts += 1;
      const now = clock.now();
      const { failingSince = now } = this.#progress;
      if (attempts === 1) {
        logger.warn('push.failed', { ...taskFields(key), reason: outcome.reason });
      }
      const random = entropy.random();
      const next = transport.retry({ outcome, attempts, failingSince, now, random });
      if (next.kind === 'give-up') {
        this.#giveUp(next.reason);
        return false;
      }
      this.#progress = { ...this.#progress, failingSince };
      this.#isWaiting = true;
      this.#deps.changed();
      await sleep(clock, next.ms, signal);
      this.#isWaiting = false;
    }
    return false;
  }

  /** Resolves with the receiver; `undefined`, and the lane ends, if the configuration was removed. */
  async #currentReceiver(isRetry: boolean): Promise<PushReceiver | undefined> {
    const { open, transport, clock } = this.#deps;
    const isStale =
      isRetry ||
      // A sealed log takes no entry about a removal.
      (open.log.state.sealed && clock.now() - this.#receiverAtMs >= RECEIVER_MS);
    if (!isStale) return this.#receiver;
    const { signal } = this.#stop;
    try {
      const found = await retryUntilDone('push.store', { ...this.#deps, signal }, () =>
        transport.receivers(open.log.key, [this.config]),
      );
      this.#receiver = found.get(this.config);
      this.#receiverAtMs = clock.now();
      if (!this.#receiver) {
        this.#stop.abort();
        this.#deps.changed();
      }
      return this.#receiver;
    } catch (error) {
      if (!signal.aborted) this.#giveUp(errorCode(error));
      return undefined;
    }
  }

  #giveUp(reason: string): void {
    this.#progress = { ...this.#progress, failure: reason };
    this.#deps.logger.error('push.given-up', { ...taskFields(this.#deps.open.log.key), reason });
    this.#deps.changed();
  }

  #closeTap(): void {
    this.#tap?.close();
    this.#tap = undefined;
    this.#record = undefined;
  }
}

/** Resolves with the outcome of one attempt. A fault of the transport must not end the process. */
async function attempt(send: () => Promise<PushOutcome>): Promise<PushOutcome> {
  try {
    return await send();
  } catch {
    return { kind: 'retry', reason: 'unexpected' };
  }
}
