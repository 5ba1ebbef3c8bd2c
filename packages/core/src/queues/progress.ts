import { BackendError } from '../errors.ts';
import type { Place } from '../model/place.ts';

/** Something that was given behind an event and has no generation of its own. */
interface Unnumbered {
  /** Of the event before it. */
  readonly generation: number;
  /** It was raised to the reader, who cannot acknowledge it: it is passed along with what is before it. */
  readonly isError: boolean;
}

/** How far a reader has acknowledged what it was given: in order, however late. */
export class Progress {
  #place: Place;
  #given = 0;
  /** What was given and is not passed yet, but for numbered events. */
  readonly #unnumbered: Unnumbered[] = [];

  constructor(start: Place) {
    this.#place = start;
  }

  give(place: Place): void {
    this.#given += 1;
    if (place.messages > 0) {
      this.#unnumbered.push({ generation: place.generation, isError: false });
    }
  }

  /** An error was raised. Returns where the reader is; `undefined` if it has to acknowledge more first. */
  raise({ generation }: Place): Place | undefined {
    this.#unnumbered.push({ generation, isError: true });
    if (this.#given > 0) return undefined;
    this.#passErrors();
    return this.#place;
  }

  /** Acknowledges the oldest that was given: where the reader is with that. */
  acknowledge(): Place {
    if (this.#given === 0) {
      throw new BackendError('queue-misuse', 'Nothing that was dequeued is unacknowledged.');
    }
    this.#given -= 1;
    const { generation } = this.#place;
    // Generations are dense: what is no Message is the next event.
    if (this.#unnumbered[0]?.generation === generation) this.#pass();
    else this.#place = { generation: generation + 1, messages: 0 };
    this.#passErrors();
    return this.#place;
  }

  #passErrors(): void {
    for (let [next] = this.#unnumbered; next?.isError; [next] = this.#unnumbered) {
      if (next.generation !== this.#place.generation) return;
      this.#pass();
    }
  }

  #pass(): void {
    this.#unnumbered.shift();
    const { generation, messages } = this.#place;
    this.#place = { generation, messages: messages + 1 };
  }
}
