import { type LifeTimes, shortLives } from '../../fixtures/short-lives.ts';
import { serveParent } from './process-link.ts';

/**
 * Lives before the first that count. In the first ten minutes, 1,200 lives that follow at once, nobody
 * is retired for long enough to be looked after; from then on one is in each life.
 */
const SETTLED = 2_000;
const WINDOW = 100;

/** The means of the first lives that count, and of the last. */
interface Ends {
  readonly early: number;
  readonly late: number;
}

/** The cost of lives: calls, read units, and processor time in milliseconds. */
export interface LivesCost {
  readonly calls: Ends;
  readonly readUnits: Ends;
  readonly cpuMs: Ends;
}

const methods = {
  async play(lives: number, times: LifeTimes): Promise<LivesCost> {
    const { calls, readUnits, cpuMs } = await shortLives(lives, times);
    return { calls: ends(calls), readUnits: ends(readUnits), cpuMs: ends(cpuMs) };
  },
};
export type LivesProcess = typeof methods;

serveParent(methods);

function ends(values: readonly number[]): Ends {
  const early = mean(values.slice(SETTLED, SETTLED + WINDOW));
  return { early, late: mean(values.slice(-WINDOW)) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
