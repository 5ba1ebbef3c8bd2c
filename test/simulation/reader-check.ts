import type { TaskEvent } from '@a2a-aws/core';
import { eventToJson } from '@a2a-aws/core/internal';
import { type StreamResponse, Task, type TaskState } from '@a2a-js/sdk';
import type { ExpectedTask, Violate } from './expected-task.ts';
import { type Gap, gapOf } from './gap-of.ts';

/** A gap with the state that its frame shows. */
interface ToldGap extends Gap {
  readonly state: TaskState | undefined;
}

/**
 * Checks the frames of one stream: first the Task as it was at some generation, then every event after
 * it, each once, in order (I1, I3), and none before it was durable (I2). Where the next events have
 * expired, one gap frame names them, and the Task with all of them follows.
 */
export class ReaderCheck {
  readonly #name: string;
  readonly #violate: Violate;
  readonly #beganAt: ((expected: ExpectedTask) => number | undefined) | undefined;
  #expected: ExpectedTask | undefined;
  /** Generations that the reader may stand at. */
  #places: number[] | undefined;
  #broken = false;
  #atEnd = false;
  #isResumed = false;
  /** The gap whose Task comes next. */
  #gap: ToldGap | undefined;
  #hadGap = false;

  /** `beganAt` returns the generation of the first event of the run whose sender reads. */
  constructor(
    name: string,
    violate: Violate,
    beganAt?: (expected: ExpectedTask) => number | undefined,
  ) {
    this.#name = name;
    this.#violate = violate;
    this.#beganAt = beganAt;
  }

  /** The generation that the reader has reached; undefined before its first frame. */
  get generation(): number | undefined {
    return this.#broken ? undefined : this.#places?.at(-1);
  }

  get isBroken(): boolean {
    return this.#broken;
  }

  /** Whether a subscriber's stream must end here: the task ended, or waits for input. */
  get isAtEnd(): boolean {
    return this.#atEnd;
  }

  /** Whether a Task has taken the place of events that had expired. */
  get hadGap(): boolean {
    return this.#hadGap;
  }

  /** Whether a resumed stream may end here. */
  mayEnd({ rests }: Pick<ExpectedTask, 'rests'>): boolean {
    if (this.#gap) return false;
    const places = this.#places ?? [];
    const isAtRest = places.length > 0 && places.every((generation) => rests.has(generation));
    return this.#atEnd || (this.#isResumed && isAtRest);
  }

  /** The next frames come from a stream that goes on at the end of the last one, past questions, too. */
  resume(): void {
    this.#isResumed = true;
    // A client that got the gap frame alone still has its former cursor.
    this.#gap = undefined;
  }

  got(frame: StreamResponse, expected: ExpectedTask | undefined): void {
    if (this.#broken) return;
    const { payload } = frame;
    if (payload?.$case === 'message' || !payload) return;
    const event = { kind: payload.$case, data: payload.value } as TaskEvent;
    this.#expected ??= expected;
    if (!this.#expected) {
      this.#fail('I2', 'got a frame of a task that is in no log');
      return;
    }
    const gap = gapOf(frame);
    if (gap) this.#beginGap({ ...gap, state: stateOf(event) }, this.#expected);
    else if (this.#gap) this.#endGap(event, this.#gap, this.#expected);
    else if (!this.#places) this.#first(event, this.#expected);
    else this.#next(event, this.#expected);
  }

  #first(event: TaskEvent, expected: ExpectedTask): void {
    if (event.kind !== 'task') {
      this.#fail('I3', 'does not begin with a Task');
      return;
    }
    const text = JSON.stringify(Task.toJSON(event.data));
    this.#places = expected.views
      .filter((view) => view.text === text)
      .map(({ generation }) => generation);
    if (this.#places.length === 0) this.#fail('I2', 'begins with a Task that no log folds to');
  }

  #next(event: TaskEvent, expected: ExpectedTask): void {
    const text = JSON.stringify(eventToJson(event));
    const places = this.#places ?? [];
    this.#places = places
      .filter((generation) => expected.events[generation] === text)
      .map((generation) => generation + 1);
    if (this.#places.length > 0) {
      if (this.#atEnd && !this.#isResumed)
        this.#fail('I6', `goes on after ${places}, where it was to end`);
      this.#atEnd = this.#places.every((generation) => expected.ends.has(generation));
      return;
    }
    const at = expected.events.indexOf(text) + 1;
    if (at === 0) this.#fail('I2', `got an event that is not in the log: ${text.slice(0, 200)}`);
    else this.#fail('I3', `got ${at} while it stands at ${places.join(' or ')}`);
  }

  /**
   * Checks that a gap begins with the next event, which has expired. For a reader that has no Task yet,
   * it is enough that this Task cannot be made any more.
   */
  #beginGap(gap: ToldGap, expected: ExpectedTask): void {
    const { from } = gap;
    const next = this.#places?.map((generation) => generation + 1) ?? [this.#beganAt?.(expected)];
    const isKept = this.#places ? expected.keeps(from) : expected.keepsUpTo(from);
    if (this.#gap) this.#fail('I3', 'was told of two gaps at once');
    else if (!next.includes(from)) {
      this.#fail('I3', `was told of a gap from ${from}, its next event is ${next.join(' or ')}`);
    } else if (isKept) {
      this.#fail('I3', `was told of a gap from ${from}, which is kept`);
    }
    this.#gap = gap;
    this.#atEnd = false;
  }

  /** Checks that the Task after a gap contains the events up to the last one that the gap names. */
  #endGap(event: TaskEvent, gap: ToldGap, expected: ExpectedTask): void {
    const { to, state } = gap;
    const text = event.kind === 'task' ? JSON.stringify(Task.toJSON(event.data)) : '';
    if (!expected.views.some((view) => view.generation === to && view.text === text)) {
      this.#fail('I3', `got no Task with the events up to ${to} after a gap`);
    } else if (stateOf(event) !== state) {
      this.#fail('I3', 'was told another state by a gap than by its Task');
    }
    this.#gap = undefined;
    this.#hadGap = true;
    this.#places = [to];
    this.#atEnd = expected.ends.has(to);
  }

  #fail(law: string, text: string): void {
    this.#broken = true;
    this.#violate(law, `${this.#name}: ${text}`);
  }
}

function stateOf({ data }: TaskEvent): TaskState | undefined {
  return 'status' in data ? data.status?.state : undefined;
}
