import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

/** The effects of some work on the process that did it, in milliseconds. */
export interface Stalls {
  /** The longest time without a turn of the event loop. */
  readonly longest: number;
  /**
   * The maximum processor time between two turns, which other processes of the machine do not
   * affect.
   */
  readonly busiest: number;
  /** The processor time of all threads of the process together. */
  readonly cpu: number;
}

/** Observes the event loop of this process. */
export class StallMeter {
  readonly #delay: IntervalHistogram = monitorEventLoopDelay({ resolution: 1 });
  #cpu = process.cpuUsage();
  #busiest = 0;
  #turns: NodeJS.Timeout | undefined;

  begin(): void {
    this.#delay.enable();
    this.#delay.reset();
    this.#cpu = process.cpuUsage();
    this.#busiest = 0;
    let last = this.#cpu;
    this.#turns = setInterval(() => {
      const now = process.cpuUsage();
      this.#busiest = Math.max(this.#busiest, now.user + now.system - last.user - last.system);
      last = now;
    }, 1);
  }

  end(): Stalls {
    this.#delay.disable();
    clearInterval(this.#turns);
    const { user, system } = process.cpuUsage(this.#cpu);
    const longest = this.#delay.max / 1e6;
    return { longest, busiest: this.#busiest / 1e3, cpu: (user + system) / 1e3 };
  }
}
