import { BackendError } from '../errors.ts';
import type { Place } from './queued-event.ts';

/** How far a reader has acknowledged what it was given: in order, however late. */
export class Progress {
  #place: Place;
  #given = 0;
  /** The generations behind which Messages were given that are not acknowledged. */
  readonly #messages: number[] = [];

  constructor(start: Place) {
    this.#place = start;
  }

  give(place: Place): void {
    this.#given += 1;
    if (place.messages > 0) this.#messages.push(place.generation);
  }

  /** Acknowledges the oldest that was given: where the reader is with that. */
  acknowledge(): Place {
    if (this.#given === 0) {
      throw new BackendError('queue-misuse', 'Nothing that was dequeued is unacknowledged.');
    }
    this.#given -= 1;
    const { generation, messages } = this.#place;
    if (this.#messages[0] === generation) {
      this.#messages.shift();
      this.#place = { generation, messages: messages + 1 };
    } else {
      // Generations are dense: what is no Message is the next event.
      this.#place = { generation: generation + 1, messages: 0 };
    }
    return this.#place;
  }
}
