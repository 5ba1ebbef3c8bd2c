import { type LifeTimes, shortLives } from '../../fixtures/short-lives.ts';
import { serveParent } from './process-link.ts';

/**
 * The number of instances before the first that count. In the first ten minutes (1,200 consecutive
 * instances), no retired instance is old enough for a check; after that, each instance checks one.
 */
const SETTLED = 2_000;
const WINDOW = 100;

/** The means of the first and the last instances that count. */
interface Ends {
  readonly early: number;
  readonly late: number;
}

/** The cost of instances: calls, read units, and processor time in milliseconds. */
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
