import type { EndSignal } from './until.ts';

/**
 * A signal for one listener at a time. An `AbortController` with its signal takes almost a kilobyte, and
 * an instance may have thousands of taps open.
 */
export class SingleEnd implements EndSignal {
  #aborted = false;
  #listener: (() => void) | undefined;

  get aborted(): boolean {
    return this.#aborted;
  }

  abort(): void {
    this.#aborted = true;
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.();
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listener = listener;
  }

  removeEventListener(): void {
    this.#listener = undefined;
  }
}
