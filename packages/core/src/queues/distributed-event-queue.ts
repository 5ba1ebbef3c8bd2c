import { eventTaskId, isTaskEvent, type TaskEvent } from '../a2a/event.ts';
import { BackendError, fencedError } from '../errors.ts';
import { type Generation, generationBefore } from '../model/generation.ts';
import { type Proposal, proposeAnswer, proposeError, proposeEvent } from '../model/proposal.ts';
import { encode } from '../model/record.ts';
import type { Refusal } from '../model/refusal.ts';
import { FIRST_SLOT } from '../model/slot.ts';
import type { LogState } from '../model/state.ts';
import type { Run } from '../runs/run.ts';
import type { TaskKey } from '../task-key.ts';
import type { CloseOptions, EventQueue, TapOptions } from './event-queue.ts';
import { EventTap, type EventTapReading } from './event-tap.ts';
import { QueueShutDown } from './queue-errors.ts';
import { queueEvents } from './queue-events.ts';
import type { QueueDeps, QueueHost } from './queue-host.ts';
import { type EnqueuedEvent, ownCopy, type QueuedEvent } from './queued-event.ts';
import { tapReading } from './tap-reading.ts';

/** The run of the queue's events, and its instance. */
interface Opened {
  readonly host: QueueHost;
  readonly run: Run;
}

/**
 * A task's queue on the instance that created it. Its events go into the task's log, and from there
 * to every reader on every instance. Events that come from the log are never published again.
 *
 * The first use opens a run in the log, so that a janitor can clean up after a crash. `close` ends
 * the run and leaves the task as it is. The end of the task closes the queue.
 */
export class DistributedEventQueue implements EventQueue {
  readonly #key: TaskKey;
  readonly #contextId: string | undefined;
  readonly #deps: QueueDeps;
  readonly #closed: (queue: DistributedEventQueue) => void;
  readonly #children = new Set<EventTap>();
  #opening: Promise<Opened> | undefined;
  #run: Run | undefined;
  /** The tap for readers of the queue itself. It begins with the queue's first event. */
  #reader: Promise<EventTap> | undefined;
  #readerNow: EventTap | undefined;
  #closing: Promise<void> | undefined;
  #dropped = false;

  /** `closed` is called once, when the queue accepts no more events. */
  constructor(
    key: TaskKey,
    contextId: string | undefined,
    deps: QueueDeps,
    closed: (queue: DistributedEventQueue) => void,
  ) {
    this.#key = key;
    this.#contextId = contextId;
    this.#deps = deps;
    this.#closed = closed;
  }

  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  enqueueEvent(event: TaskEvent): Promise<Generation>;
  enqueueEvent(event: EnqueuedEvent): Promise<Generation | undefined>;
  async enqueueEvent(event: EnqueuedEvent): Promise<Generation | undefined> {
    if (!isEnqueued(event)) {
      throw new BackendError('unknown-event', 'The enqueued event is of no known kind.');
    }
    if (isTaskEvent(event) && eventTaskId(event) !== this.#key.taskId) {
      // It may be another owner's task: such an event must not reach any log.
      throw new BackendError('invalid-event', 'The event is of another task.');
    }
    if (this.isClosed) throw this.#refusal();
    // The caller may change its object while the run is being opened.
    const own = ownCopy(event);
    const { host, run } = await this.open();
    const { propose, bytes } = proposalOf(own, host, run, this.#key);
    const outcome = await run.open.log.append(propose, bytes);
    if ('refused' in outcome) throw refusal(outcome.refused);
    return isTaskEvent(event) ? outcome.generation : undefined;
  }

  async dequeueEvent(options?: {
    readonly signal?: AbortSignal | undefined;
  }): Promise<QueuedEvent> {
    this.#reader ??= this.#openReader();
    const reader = this.#reader;
    reader.catch(() => {
      if (this.#reader === reader) this.#reader = undefined;
    });
    this.#readerNow = await reader;
    return this.#readerNow.dequeueEvent(options);
  }

  taskDone(): void {
    if (!this.#readerNow) throw new BackendError('queue-misuse', 'Nothing was dequeued.');
    this.#readerNow.taskDone();
  }

  async tap(options: TapOptions = {}): Promise<EventTap> {
    const reading = await tapReading(this.#key, options, this.#deps);
    return this.#tap(await this.open(), reading);
  }

  close({ immediate = false }: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#finish();
    if (immediate) {
      this.#dropped = true;
      for (const child of [...this.#children]) void child.close({ immediate });
    }
    return this.#closing;
  }

  /** Breaking off leaves the queue as it is: the next iteration continues. */
  [Symbol.asyncIterator](): AsyncIterator<QueuedEvent, undefined> {
    return queueEvents(this, async () => {});
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Opens the run unless it is open, so that the task exists. Rejects if the queue is closed. */
  open(): Promise<Opened> {
    if (this.isClosed) return Promise.reject(new QueueShutDown());
    if (!this.#opening) {
      const opening = this.#begin();
      this.#opening = opening;
      opening.catch(() => {
        // No run was started: the next use tries again.
        this.#opening = undefined;
      });
    }
    return this.#opening;
  }

  async #begin(): Promise<Opened> {
    const host = this.#deps.host();
    const contextId = this.#contextId ?? this.#deps.entropy.id();
    const begun = await host.begin(this.#key, { contextId });
    if ('refused' in begun) {
      void this.close();
      throw refusal(begun.refused);
    }
    const { run } = begun;
    this.#run = run;
    run.onStop((reason) => {
      if (reason === 'cancel') return;
      // A run that could not be ended is left to a janitor.
      this.close().catch(() => {});
    });
    return { host, run };
  }

  async #finish(): Promise<void> {
    this.#closed(this);
    const opened = await this.#opening?.catch(() => undefined);
    if (opened) await opened.host.intents.finish(opened.run, true);
  }

  async #openReader(): Promise<EventTap> {
    if (this.#dropped) throw new QueueShutDown();
    const opened = await (this.#opening ?? this.open());
    const start = opened.run.open.log.state.runs.get(opened.run.id)?.start;
    const after = generationBefore((start ?? FIRST_SLOT).generation);
    return this.#tap(opened, await tapReading(this.#key, { after }, this.#deps));
  }

  async #tap({ host, run }: Opened, reading: EventTapReading): Promise<EventTap> {
    const open = host.logs.acquire(this.#key);
    let child: EventTap | undefined;
    const release = (): void => {
      host.logs.release(open);
      // The remaining events of a closed queue may still be dropped.
      if (child && !this.isClosed) this.#children.delete(child);
    };
    try {
      // A closed queue can still be read, and its log may be closed by then.
      if (!open.log.isRead) await open.log.refresh();
    } catch (error) {
      release();
      throw error;
    }
    // The instance of an open run receives all doorbells of its log, so it needs no watch.
    const isOver = ({ runs }: LogState): boolean => runs.get(run.id)?.phase !== 'open';
    const tap = (options?: TapOptions): Promise<EventTap> => this.tap(options);
    child = new EventTap({ open, signal: host.signal, isOver, tap, release }, reading);
    if (!child.isClosed || this.isClosed) this.#children.add(child);
    if (this.#dropped) await child.close({ immediate: true });
    return child;
  }

  #refusal(): BackendError {
    return this.#run?.open.log.state.sealed ? refusal('sealed') : new QueueShutDown();
  }
}

/** Returns true if a queue accepts events of this kind, whatever their content. */
function isEnqueued(event: EnqueuedEvent): boolean {
  if (isTaskEvent(event)) return true;
  try {
    const { kind, data } = event;
    return (kind === 'message' || kind === 'error') && typeof data === 'object' && data !== null;
  } catch {
    return false;
  }
}

function proposalOf(
  event: EnqueuedEvent,
  host: QueueHost,
  run: Run,
  key: TaskKey,
): { readonly propose: Proposal; readonly bytes: number } {
  const author = host.intents.author(key);
  if (event.kind === 'message') {
    const answer = encode({ kind: 'answer', run: run.id, message: event.data });
    return { propose: proposeAnswer(author, run.id, answer, true), bytes: answer.bytes };
  }
  if (event.kind === 'error') {
    const { code, message, data } = event.data;
    const error = encode({ kind: 'error', run: run.id, error: { code, message, data } });
    return { propose: proposeError(author, run.id, error), bytes: error.bytes };
  }
  const encoded = encode({ kind: 'event', run: run.id, event });
  return { propose: proposeEvent(author, run.id, encoded), bytes: encoded.bytes };
}

function refusal(refused: Refusal): BackendError {
  switch (refused) {
    case 'fenced':
      return fencedError();
    case 'run-closed':
      return new QueueShutDown();
    default:
      return new BackendError('sealed', 'The task takes no more events.');
  }
}
