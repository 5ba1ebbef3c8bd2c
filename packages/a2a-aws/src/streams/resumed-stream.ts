import { errorCode, type Generation, type LogStorage, type Slot } from '@a2a-aws/core';
import {
  type AppliedRecord,
  compareSlots,
  countEvents,
  generationAfter,
  type OpenLog,
  runResult,
  taskAt,
} from '@a2a-aws/core/internal';
import { type Task, TaskState } from '@a2a-js/sdk';
import { TaskNotFoundError } from '@a2a-js/sdk/errors';
import { firstEventOf } from './first-event.ts';
import type { Parts } from './flat-stream.ts';
import type { Frame } from './frame.ts';
import { invalidCursor } from './invalid-cursor.ts';
import { gapFrame, taskFrame } from './stream-frames.ts';
import {
  afterEvent,
  endOfLog,
  lastGeneration,
  type SenderPosition,
  type StreamPosition,
} from './stream-position.ts';
import { pastResult, StreamProgress } from './stream-progress.ts';
import { type StreamOptions, StreamReader } from './stream-reader.ts';
import { answerOf } from './task-stream.ts';

export interface ResumeOptions extends StreamOptions {
  readonly storage: LogStorage;
  /** True if the stream ends with the result of its run, as the stream of a sender. @default false */
  readonly endsWithRun?: boolean | undefined;
  /** Resolves when doorbells keep the log current: no stream waits for a record before that. */
  readonly followed: () => Promise<void>;
}

/**
 * The stream of a client that has resumed at a position: every later event once, then live events. Where
 * events are not kept any more, a gap frame and the current Task take their place. The stream ends at the
 * end of the log if the task has ended or waits for input, or if the run of the position has its result.
 * A sender that got no frame begins with the Task after the first event of its run.
 *
 * Rejects before its first frame with the error of {@link invalidCursor} if the log has no such position.
 */
export async function* resumedStream(
  open: OpenLog,
  position: StreamPosition,
  options: ResumeOptions,
): Parts<Frame> {
  assertKnown(open, position);
  const resumed = new ResumedStream(open, position, options);
  try {
    yield* resumed.frames();
  } finally {
    resumed.close();
  }
}

/** Throws if the log is not as long as the position says. */
function assertKnown({ log }: OpenLog, position: StreamPosition): void {
  const isAfterEnd =
    compareSlots(position.slot, log.state.next) > 0 || lastGeneration(position) > log.generation;
  const run = position.sender?.run;
  const isUnknownRun = run !== undefined && !log.state.runs.has(run);
  if (isAfterEnd || isUnknownRun) throw invalidCursor('future');
}

class ResumedStream {
  readonly #open: OpenLog;
  readonly #options: ResumeOptions;
  readonly #progress: StreamProgress;
  #reader: StreamReader;
  /** The position to check against the record at its slot, until that was read. */
  #unchecked: StreamPosition | undefined;

  constructor(open: OpenLog, position: StreamPosition, options: ResumeOptions) {
    const { taskId: id } = open.log.key;
    this.#open = open;
    this.#options = options;
    this.#progress = new StreamProgress({
      task: { id, contextId: open.log.state.contextId ?? '' },
      position,
      run: position.sender?.run,
      state: position.sender?.state ?? TaskState.TASK_STATE_UNSPECIFIED,
      isResumed: options.endsWithRun !== true,
    });
    this.#unchecked = position;
    this.#reader = new StreamReader(open, options, { from: position.slot });
  }

  async *frames(): Parts<Frame> {
    const progress = this.#progress;
    const { sender } = progress.position;
    if (sender?.phase === 'complete') return;
    if (sender?.phase === 'waiting') yield* this.#begin(sender);
    yield* this.#answer();
    while (!progress.isOver) {
      const { tap } = this.#reader;
      if (tap.isCaughtUp) {
        progress.endAt(tap.state);
        if (progress.isOver) return;
        await this.#options.followed();
      }
      const step = await this.#next();
      if (step === 'expired') {
        yield* this.#skipExpired();
        yield* this.#answer();
      } else if (step) {
        this.#check(step);
        yield progress.framesOf(step);
      } else return;
    }
  }

  close(): void {
    this.#reader.close();
  }

  /** Tells the answer of the run if it is in the part of the log that the client has got or misses. */
  async *#answer(): Parts<Frame> {
    const progress = this.#progress;
    const { run } = progress;
    if (run === undefined || progress.isOver) return;
    yield progress.answerAt(runResult(this.#reader.tap.state, run));
  }

  /** Begins the stream of a sender that got no frame, once its run has published an event. */
  async *#begin(sender: SenderPosition): Parts<Frame> {
    await this.#options.followed();
    const begun = await firstEventOf(this.#open, sender.run, this.#reader.signal);
    if (this.#reader.hasLeft) return this.#progress.end();
    if (!begun) throw this.#reader.interrupted();
    if ('answer' in begun) {
      yield [answerOf(begun.answer, this.#progress.position)];
      return this.#progress.end();
    }
    const { storage, historyLength } = this.#options;
    const { log } = this.#open;
    const task = begun.picture
      ? await this.#reader.copy(begun.picture)
      : await taskAt(storage, log.key, begun.generation, log.clock, { historyLength });
    const record = task && (await storage.findRecord(log.key, begun.generation));
    if (!task || !record) {
      // A run that published nothing before the first Task has no Task to show.
      if (begun.generation === 0 || !log.state.hasTask) return this.#progress.end();
      yield* this.#gap(begun.generation);
      return;
    }
    const state = stateOf(task);
    const told = { ...sender, phase: 'told', state } as const;
    const place = { ...afterEvent(record, begun.generation), sender: told };
    const position = pastResult(place, runResult(log.state, sender.run), state);
    this.#continueFrom(record.slot);
    this.#progress.continueAfter(position, state);
    yield [{ response: taskFrame(task), position, generation: begun.generation }];
  }

  #continueFrom(slot: Slot): void {
    this.#unchecked = undefined;
    this.#reader.close();
    this.#reader = new StreamReader(this.#open, this.#options, { from: slot });
  }

  async #next(): Promise<AppliedRecord | 'expired' | undefined> {
    try {
      return await this.#reader.next();
    } catch (error) {
      if (errorCode(error) === 'expired') return 'expired';
      throw error;
    }
  }

  /** Throws if another record than the client knows is at its position: the log was restored since. */
  #check({ record }: AppliedRecord): void {
    const position = this.#unchecked;
    this.#unchecked = undefined;
    if (!position || compareSlots(record.slot, position.slot) !== 0) return;
    const { events, frames, writtenAtMs } = position;
    const isOther = writtenAtMs !== undefined && writtenAtMs !== record.time;
    const isLonger = events + (frames > 0 ? 1 : 0) > countEvents(record.entries);
    if (isOther || isLonger) throw invalidCursor('future');
  }

  /** Throws if the client's last event is kept, but not in the record at its position. */
  async #checkExpired(): Promise<void> {
    const position = this.#unchecked;
    this.#unchecked = undefined;
    if (!position || position.events === 0) return;
    const { storage } = this.#options;
    const record = await storage.findRecord(this.#open.log.key, this.#progress.told);
    if (record && compareSlots(record.slot, position.slot) !== 0) throw invalidCursor('future');
  }

  /** Continues at the next event that is kept; tells the client if it misses events. */
  async *#skipExpired(): Parts<Frame> {
    const { log } = this.#open;
    const { storage } = this.#options;
    const missing = generationAfter(this.#progress.told);
    await this.#checkExpired();
    // Records are also missing if the task was deleted.
    await log.refresh();
    if (log.isExpired()) throw new TaskNotFoundError();
    if (missing > log.generation) return this.#reader.tap.skip();
    // The records before the next event may contain no event.
    const record = await storage.findRecord(log.key, missing);
    if (record && !this.#isAt(record.slot)) {
      return this.#continueFrom(record.slot);
    }
    yield* this.#gap(missing);
  }

  #isAt(slot: Slot): boolean {
    return compareSlots(this.#reader.tap.state.next, slot) === 0;
  }

  async *#gap(from: Generation): Parts<Frame> {
    const { log } = this.#open;
    const { position: before } = this.#progress;
    // The tap continues where this picture of the task ends.
    this.#reader.tap.skip();
    const picture = log.picture();
    if (!picture) throw new TaskNotFoundError();
    const end = endOfLog(this.#open);
    const generation = lastGeneration(end);
    const task = await this.#reader.copy(picture);
    const state = stateOf(task);
    const phase = before.sender?.phase === 'answered' ? 'answered' : 'told';
    const sender = before.sender && ({ ...before.sender, phase, state } as const);
    const position = { ...end, sender };
    this.#progress.continueAfter(position, state);
    yield [
      { response: gapFrame(task, from, generation), position: before, generation: undefined },
      { response: taskFrame(task), position, generation },
    ];
  }
}

function stateOf({ status }: Task): TaskState {
  return status?.state ?? TaskState.TASK_STATE_UNSPECIFIED;
}
