import { BackendError } from '../errors.ts';
import { type Generation, generationAfter } from '../model/generation.ts';
import type { Place } from '../model/place.ts';

/** A Message or an error that was given after an event and has no generation of its own. */
interface Unnumbered {
  /** The generation of the event before it. */
  readonly generation: Generation;
  /**
   * True for an error. A reader cannot acknowledge it, so it is passed together with the event
   * before it.
   */
  readonly isError: boolean;
}

/** Counts how far a reader has acknowledged its events, in order, however late. */
export class Progress {
  #place: Place;
  #given = 0;
  /** The Messages and errors that were given and are not passed yet. */
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

  /**
   * Records a raised error. Returns the reader's place; `undefined` if it must acknowledge more
   * first.
   */
  raise({ generation }: Place): Place | undefined {
    this.#unnumbered.push({ generation, isError: true });
    if (this.#given > 0) return undefined;
    this.#passErrors();
    return this.#place;
  }

  /** Acknowledges the oldest event that was given. Returns the reader's new place. */
  acknowledge(): Place {
    if (this.#given === 0) {
      throw new BackendError('queue-misuse', 'Nothing that was dequeued is unacknowledged.');
    }
    this.#given -= 1;
    const { generation } = this.#place;
    // Generations are dense: if it is no Message, it is the next event.
    if (this.#unnumbered[0]?.generation === generation) this.#pass();
    else this.#place = { generation: generationAfter(generation), messages: 0 };
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
