import { BackendError } from '../errors.ts';
import { comparePlaces, type Place } from '../model/place.ts';
import { compareSlots, type Slot } from '../model/slot.ts';
import type { LogState } from '../model/state.ts';
import type { LogTap } from '../reading/log-tap.ts';
import type { OpenLog } from '../reading/open-log.ts';
import type { CloseOptions, EventQueue, TapOptions } from './event-queue.ts';
import type { OffsetWriter } from './offset-writer.ts';
import { Progress } from './progress.ts';
import { AgentErrorRaised, QueueShutDown } from './queue-errors.ts';
import { queueEvents } from './queue-events.ts';
import { ownCopy, type PlacedEvent, placedEvents, type QueuedEvent } from './queued-event.ts';

/** Where the events of a tap come from, and when they end. */
export interface EventTapSource {
  readonly open: OpenLog;
  /** Aborts when the instance stops or has died. */
  readonly signal: AbortSignal;
  /** Returns true if the events end with this state. `before`: the state before the last record. */
  readonly isOver: (state: LogState, before?: LogState) => boolean;
  /** Opens another tap of the same source. */
  readonly tap: (options?: TapOptions) => Promise<EventTap>;
  /** Called once, when the tap needs no more records than the log holds by then. */
  readonly release: () => void;
}

export interface EventTapReading {
  /** The tap gives the events after this place. @default the end of the log */
  readonly start?: Place | undefined;
  readonly maxQueueSize: number;
  readonly offsets?: OffsetWriter | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Waiter {
  readonly signal: AbortSignal | undefined;
  readonly resolve: (queued: QueuedEvent) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The phase of a tap.
 *
 * - `open`: records may still come
 * - `draining`: the tap or its source has ended; the tap gives the events before `until`
 * - `ended`: no more records are read, and only the events in memory are given; `cause` is the
 *   reason if the instance has stopped
 */
type Phase =
  | { readonly kind: 'open' }
  | { readonly kind: 'draining'; readonly until: Slot }
  | { readonly kind: 'ended'; readonly cause?: unknown };

/**
 * A child queue. It reads a task's log at its own pace, and only as far as its reader asks. It
 * holds at most the rest of one record.
 */
export class EventTap implements EventQueue {
  readonly #source: EventTapSource;
  readonly #offsets: OffsetWriter | undefined;
  readonly #start: Place;
  readonly #progress: Progress;
  readonly #tap: LogTap;
  /** Stops following the source, when the phase `open` ends. */
  readonly #releaseSource: () => void;
  /** Stops reading the log, when the phase `ended` begins. */
  readonly #closeTap: () => void;
  readonly #held: PlacedEvent[] = [];
  readonly #waiters: Waiter[] = [];
  /** The place of the last event that was held. */
  #place: Place;
  /** The slot after the last record that was held; the tap itself may be a record further. */
  #next: Slot;
  #phase: Phase = { kind: 'open' };
  /** True while a loop gives events to the waiters. */
  #isServing = false;

  constructor(source: EventTapSource, reading: EventTapReading) {
    const { open } = source;
    const { start, maxQueueSize, offsets, signal } = reading;
    const { tap, leave } = open.tap({ after: start?.generation, maxEvents: maxQueueSize });
    this.#source = source;
    this.#offsets = offsets;
    this.#start = start ?? { generation: open.log.generation, messages: 0 };
    // The Messages behind the first event are counted as they come.
    this.#place = { generation: this.#start.generation, messages: 0 };
    this.#progress = new Progress(this.#start);
    this.#tap = tap;
    this.#next = tap.state.next;
    const aborted = (): void => this.#drop();
    const stopped = (): void =>
      this.#drop(new BackendError('draining', 'This instance has stopped.'));
    signal?.addEventListener('abort', aborted, { once: true });
    source.signal.addEventListener('abort', stopped, { once: true });
    const unlisten = open.log.listen(({ state, before }) => {
      if (source.isOver(state, before)) this.#drain();
    });
    this.#releaseSource = () => {
      unlisten();
      source.signal.removeEventListener('abort', stopped);
      leave();
      source.release();
    };
    this.#closeTap = () => {
      signal?.removeEventListener('abort', aborted);
      tap.close();
    };
    if (source.signal.aborted) stopped();
    else if (source.isOver(open.log.state)) this.#drain();
    if (signal?.aborted) aborted();
  }

  get isClosed(): boolean {
    return this.#phase.kind !== 'open';
  }

  /** Rejects, because only the queue that was created takes events. */
  async enqueueEvent(): Promise<never> {
    throw new BackendError('queue-misuse', 'A tap takes no events.');
  }

  dequeueEvent({
    signal,
  }: {
    readonly signal?: AbortSignal | undefined;
  } = {}): Promise<QueuedEvent> {
    return new Promise((resolve, reject) => {
      const aborted = (): void => this.#rejectAborted();
      const detach = (): void => signal?.removeEventListener('abort', aborted);
      this.#waiters.push({
        signal,
        resolve: (queued) => {
          detach();
          resolve(queued);
        },
        reject: (error) => {
          detach();
          reject(error);
        },
      });
      signal?.addEventListener('abort', aborted, { once: true });
      if (signal?.aborted) aborted();
      void this.#serveWaiters();
    });
  }

  taskDone(): void {
    const place = this.#progress.acknowledge();
    this.#offsets?.acknowledge(place);
  }

  tap(options?: TapOptions): Promise<EventTap> {
    return this.#source.tap(options);
  }

  /** Resolves when the acknowledged place is saved, or cannot be. */
  async close({ immediate = false }: CloseOptions = {}): Promise<void> {
    if (immediate) this.#drop();
    else this.#drain();
    await this.#offsets?.flush();
  }

  [Symbol.asyncIterator](): AsyncIterator<QueuedEvent, undefined> {
    return queueEvents(this, () => this.close({ immediate: true }));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close({ immediate: true });
  }

  /** Gives events to the waiters, in their order, until none waits. */
  async #serveWaiters(): Promise<void> {
    if (this.#isServing) return;
    this.#isServing = true;
    while (this.#waiters.length > 0) {
      const placed = this.#held.shift();
      if (placed) this.#giveEvent(placed);
      else if (this.#phase.kind === 'ended') this.#rejectWaiters(this.#phase.cause);
      else await this.#fetchRecord();
    }
    this.#isServing = false;
  }

  #giveEvent({ event, generation, final, place }: PlacedEvent): void {
    if (event.kind === 'error') {
      const passed = this.#progress.raise(place);
      if (passed) this.#offsets?.acknowledge(passed);
      this.#waiters.shift()?.reject(new AgentErrorRaised(ownCopy(event).data));
      return;
    }
    this.#progress.give(place);
    this.#waiters.shift()?.resolve({ event: ownCopy(event), generation, final });
  }

  async #fetchRecord(): Promise<void> {
    this.#rejectAborted();
    if (this.#waiters.length === 0) return;
    try {
      const step = await this.#tap.next();
      if (!step || this.#hasEnded()) return;
      for (const placed of placedEvents(step, this.#place)) {
        this.#place = placed.place;
        if (comparePlaces(placed.place, this.#start) > 0) this.#held.push(placed);
      }
      this.#next = step.state.next;
      this.#endIfDone();
    } catch (error) {
      this.#waiters.shift()?.reject(error);
    }
  }

  /**
   * Limits the tap to the events that the log holds now. A reader that stops here costs no more.
   */
  #startDraining(): void {
    if (this.#phase.kind !== 'open') return;
    this.#phase = { kind: 'draining', until: this.#source.open.log.state.next };
    this.#releaseSource();
  }

  #drain(): void {
    this.#startDraining();
    this.#endIfDone();
  }

  #drop(cause?: unknown): void {
    this.#startDraining();
    this.#held.length = 0;
    this.#end(cause);
  }

  #endIfDone(): void {
    const phase = this.#phase;
    if (phase.kind === 'draining' && compareSlots(this.#next, phase.until) >= 0) this.#end();
  }

  #end(cause?: unknown): void {
    if (!this.#hasEnded()) {
      this.#phase = { kind: 'ended', cause };
      this.#closeTap();
    }
    if (this.#held.length === 0) this.#rejectWaiters(cause);
  }

  #hasEnded(): boolean {
    return this.#phase.kind === 'ended';
  }

  #rejectWaiters(cause: unknown): void {
    const error = new QueueShutDown(cause === undefined ? {} : { cause });
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
  }

  /** Rejects the waiters whose signal has aborted, if no event is available. */
  #rejectAborted(): void {
    if (this.#hasEnded() || this.#held.length > 0 || !this.#tap.isCaughtUp) return;
    for (const waiter of this.#waiters.splice(0)) {
      if (waiter.signal?.aborted) waiter.reject(waiter.signal.reason);
      else this.#waiters.push(waiter);
    }
  }
}
