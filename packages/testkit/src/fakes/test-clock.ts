import { VirtualClock } from './virtual-clock.ts';

/** The number of waiting callbacks without a delay, of all test clocks. */
let turns = 0;

/** Runs all work that waits only for promises, or for a turn of the event loop, to its end. */
export async function flush(): Promise<void> {
  do {
    await new Promise((resolve) => setImmediate(resolve));
  } while (turns > 0);
}

/**
 * A {@link VirtualClock} for tests of one part. A delay of zero ends at the next turn of the event
 * loop, so that a test need not advance the clock for it.
 */
export class TestClock extends VirtualClock {
  override after(ms: number, callback: () => void): () => void {
    if (ms > 0) return super.after(ms, callback);
    let isDone = false;
    const done = (): void => {
      if (!isDone) turns -= 1;
      isDone = true;
    };
    turns += 1;
    const turn = setImmediate(() => {
      done();
      callback();
    });
    return () => {
      done();
      clearImmediate(turn);
    };
  }

  /** Advances in steps until `done` returns true. Rejects after `limitMs`. */
  async advanceUntil(done: () => boolean, limitMs: number, stepMs = 500): Promise<void> {
    const end = this.now() + limitMs;
    await flush();
    while (!done()) {
      if (this.now() >= end) throw new Error(`Not within ${limitMs} virtual milliseconds.`);
      await this.advance(Math.min(stepMs, end - this.now()));
    }
  }

  protected override get isBusy(): boolean {
    return turns > 0;
  }
}
