import type { TaskEvent } from '@a2a-aws/core';
import { eventToJson } from '@a2a-aws/core/internal';
import type { StreamResponse } from '@a2a-js/sdk';
import { Task } from '@a2a-js/sdk';
import type { ExpectedTask, Violate } from './expected-task.ts';

/**
 * Checks the frames of one stream: first the Task as it was at some generation, then every event after
 * it, each once, in order (I1, I3), and none before it was durable (I2).
 */
export class ReaderCheck {
  readonly #name: string;
  readonly #violate: Violate;
  #expected: ExpectedTask | undefined;
  /** Generations that the reader may stand at. */
  #places: number[] | undefined;
  #broken = false;
  #atEnd = false;
  #isResumed = false;

  constructor(name: string, violate: Violate) {
    this.#name = name;
    this.#violate = violate;
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

  /** Whether a resumed stream may end here. */
  mayEnd({ rests }: Pick<ExpectedTask, 'rests'>): boolean {
    const places = this.#places ?? [];
    const isAtRest = places.length > 0 && places.every((generation) => rests.has(generation));
    return this.#atEnd || (this.#isResumed && isAtRest);
  }

  /** The next frames come from a stream that goes on at the end of the last one, past questions, too. */
  resume(): void {
    this.#isResumed = true;
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
    if (!this.#places) this.#first(event, this.#expected);
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

  #fail(law: string, text: string): void {
    this.#broken = true;
    this.#violate(law, `${this.#name}: ${text}`);
  }
}
