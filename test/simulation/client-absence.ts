import type { Clock } from '@a2a-aws/core';
import { ConnectionLost } from '@a2a-aws/testkit/fakes';

/** A time without a connection, once for each client. */
export interface Absence {
  /** The number of frames before it. */
  readonly after: number;
  /** Resolves when the client comes back. */
  readonly over: Promise<unknown>;
}

/** Counts the frames of all streams of a client, and cuts its connection when its absence begins. */
export class ClientAbsence {
  readonly #absence: Absence | undefined;
  readonly #clock: Clock;
  #frames = 0;

  constructor(absence: Absence | undefined, clock: Clock) {
    this.#absence = absence;
    this.#clock = clock;
  }

  /** True once the absence has begun. */
  get hasBegun(): boolean {
    return this.#frames >= (this.#absence?.after ?? Number.POSITIVE_INFINITY);
  }

  /** Counts a frame that the client got. Throws if its absence begins with that. */
  countFrame(): void {
    this.#frames += 1;
    if (this.#frames === this.#absence?.after) throw new ConnectionLost();
  }

  /** Resolves when the client comes back, with the milliseconds since the call. */
  async stay(): Promise<number> {
    const left = this.#clock.now();
    await this.#absence?.over;
    return this.#clock.now() - left;
  }
}
