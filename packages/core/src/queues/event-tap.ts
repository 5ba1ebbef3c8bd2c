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

/** What a tap is to give, and when it has given it all. */
export interface EventTapSource {
  readonly open: OpenLog;
  /** Aborts when the instance stops or has died. */
  readonly signal: AbortSignal;
  /** True if what is to be given ends with this state; `before`: what the last record found. */
  readonly isOver: (state: LogState, before?: LogState) => boolean;
  /** Another tap of the same source. */
  readonly tap: (options?: TapOptions) => Promise<EventTap>;
  /** Called once, when nothing more is to come than the log holds by then. */
  readonly leave: () => void;
}

export interface EventTapReading {
  /** Gives what comes after; from now on if left out. */
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
 * A child queue: it reads a task's log at its own pace, and only as far as it is asked. It holds
 * what is left of one record.
 */
export class EventTap implements EventQueue {
  readonly #source: EventTapSource;
  readonly #offsets: OffsetWriter | undefined;
  readonly #start: Place;
  readonly #progress: Progress;
  readonly #tap: LogTap;
  /** Nothing more is to come. */
  readonly #leave: () => void;
  /** Nothing more is to be given. */
  readonly #forget: () => void;
  readonly #held: PlacedEvent[] = [];
  readonly #waiters: Waiter[] = [];
  /** Where what is held ends. */
  #place: Place;
  /** What comes from here on was not held yet; the tap itself may be a record further. */
  #next: Slot;
  /** Closed, or its source is over: it gives what the log held then. */
  #until: Slot | undefined;
  #ended = false;
  #cause: unknown;
  #serving = false;

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
    const stopped = (): void => {
      this.#cause = new BackendError('draining', 'This instance has stopped.');
      this.#drop();
    };
    signal?.addEventListener('abort', aborted, { once: true });
    source.signal.addEventListener('abort', stopped, { once: true });
    const unlisten = open.log.listen(({ state, before }) => {
      if (source.isOver(state, before)) this.#settle();
    });
    this.#leave = () => {
      unlisten();
      source.signal.removeEventListener('abort', stopped);
      leave();
      source.leave();
    };
    this.#forget = () => {
      signal?.removeEventListener('abort', aborted);
      tap.close();
    };
    if (source.isOver(open.log.state)) this.#settle();
    if (source.signal.aborted) stopped();
    if (signal?.aborted) aborted();
  }

  get isClosed(): boolean {
    return this.#until !== undefined;
  }

  /** Rejects: only the queue that was created takes events. */
  async enqueueEvent(): Promise<never> {
    throw new BackendError('queue-misuse', 'A tap takes no events.');
  }

  dequeueEvent({
    signal,
  }: {
    readonly signal?: AbortSignal | undefined;
  } = {}): Promise<QueuedEvent> {
    return new Promise((resolve, reject) => {
      const aborted = (): void => this.#refuseAborted();
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
      void this.#serve();
    });
  }

  taskDone(): void {
    const place = this.#progress.acknowledge();
    this.#offsets?.acknowledge(place);
  }

  tap(options?: TapOptions): Promise<EventTap> {
    return this.#source.tap(options);
  }

  /** Resolves when what was acknowledged is remembered, as far as that can be done. */
  async close({ immediate = false }: CloseOptions = {}): Promise<void> {
    if (immediate) this.#drop();
    else this.#settle();
    await this.#offsets?.flush();
  }

  [Symbol.asyncIterator](): AsyncIterator<QueuedEvent, undefined> {
    return queueEvents(this, () => this.close({ immediate: true }));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close({ immediate: true });
  }

  /** Gives to those who wait, in their order, until nobody does. */
  async #serve(): Promise<void> {
    if (this.#serving) return;
    this.#serving = true;
    while (this.#waiters.length > 0) {
      const placed = this.#held.shift();
      if (placed) this.#give(placed);
      else if (this.#ended) this.#refuseAll();
      else await this.#fetch();
    }
    this.#serving = false;
  }

  #give({ event, generation, final, place }: PlacedEvent): void {
    if (event.kind === 'error') {
      const passed = this.#progress.raise(place);
      if (passed) this.#offsets?.acknowledge(passed);
      this.#waiters.shift()?.reject(new AgentErrorRaised(ownCopy(event).data));
      return;
    }
    this.#progress.give(place);
    this.#waiters.shift()?.resolve({ event: ownCopy(event), generation, final });
  }

  async #fetch(): Promise<void> {
    this.#refuseAborted();
    if (this.#waiters.length === 0) return;
    try {
      const step = await this.#tap.next();
      if (!step || this.#ended) return;
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

  /** What the log holds now is all that is to be given: who does not read on costs nothing more. */
  #settle(): void {
    if (this.#until) return;
    this.#until = this.#source.open.log.state.next;
    this.#leave();
    this.#endIfDone();
  }

  #drop(): void {
    this.#settle();
    this.#held.length = 0;
    this.#end();
  }

  #endIfDone(): void {
    if (this.#until && compareSlots(this.#next, this.#until) >= 0) this.#end();
  }

  #end(): void {
    this.#ended = true;
    this.#forget();
    if (this.#held.length === 0) this.#refuseAll();
  }

  #refuseAll(): void {
    const error = new QueueShutDown(this.#cause === undefined ? {} : { cause: this.#cause });
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
  }

  /** Whoever does not want to wait does not, if there is nothing but waiting. */
  #refuseAborted(): void {
    if (this.#ended || this.#held.length > 0 || !this.#tap.isCaughtUp) return;
    for (const waiter of this.#waiters.splice(0)) {
      if (waiter.signal?.aborted) waiter.reject(waiter.signal.reason);
      else this.#waiters.push(waiter);
    }
  }
}
