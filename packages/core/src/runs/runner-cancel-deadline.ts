import { type Author, proposeForcedCancel } from '../model/proposal.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import type { Run } from './run.ts';

export interface RunnerCancelDeadlineDeps {
  readonly author: Author;
  readonly clock: Clock;
  /** Adds the task and the run to each line. */
  readonly logger: Logger;
  /** How long the canceller waits for the run to stop, in milliseconds. */
  readonly deadlineMs: number;
}

/** How long cancels wait for their runs by default, in milliseconds. */
export const DEFAULT_CANCEL_DEADLINE_MS = 10_000;
/** How much longer the run's own instance waits, in milliseconds. */
const MARGIN_MS = 5_000;

/**
 * Appends CANCELED on the run's own instance if the run ignores its cancel, because the instance that
 * requested it may be dead by the deadline. The run's intent covers the append.
 */
export class RunnerCancelDeadline {
  readonly #run: Run;
  readonly #deps: RunnerCancelDeadlineDeps;
  #timer: (() => void) | undefined;

  constructor(run: Run, deps: RunnerCancelDeadlineDeps) {
    this.#run = run;
    this.#deps = deps;
    run.onStop((reason) => {
      if (reason === 'cancel') this.#startTimer();
      else this.cancelTimer();
    });
  }

  /** Cancels the timer, when the run is over. */
  cancelTimer(): void {
    this.#timer?.();
    this.#timer = undefined;
  }

  #startTimer(): void {
    const { clock, deadlineMs, author, logger } = this.#deps;
    const durationMs = deadlineMs + MARGIN_MS;
    this.#timer = clock.after(durationMs, () => {
      this.#timer = undefined;
      const forced = this.#run.open.log.append(proposeForcedCancel(author));
      // Fails only if the instance stops or the log cannot be read. Other instances then end the run.
      forced.then(
        (outcome) => {
          if ('appended' in outcome) logger.info('cancel.forced', { durationMs });
        },
        () => {},
      );
    });
  }
}
