import { readFileSync } from 'node:fs';
import type { PlantedBug } from './planted/planted-bug.ts';
import { scenariosFirst } from './scenario-seeds.ts';
import type { Played } from './schedule.ts';
import { type Simulated, simulate } from './simulation.ts';

/** For each bug, a seed that caught it; `npm run simulate -- --planted --record` writes the file. */
export const CAUGHT_BY: URL = new URL('planted/caught-by.json', import.meta.url);

/** Each planted bug must be caught within so many schedules, {@link scenariosFirst}. */
export const CAUGHT_WITHIN = 200;

export interface PlantedSearch {
  readonly workers: number;
  /** The most schedules to play. @default {@link CAUGHT_WITHIN} */
  readonly within?: number | undefined;
  /** Seeds to start with, by name of a bug. @default those that are recorded */
  readonly known?: Readonly<Record<string, number>> | undefined;
}

/** The schedule that broke a law, if any, and the number of schedules played. */
export interface Caught {
  readonly caught: Played | undefined;
  readonly schedules: number;
}

/**
 * Plays schedules with a bug planted until one breaks a law. The seed that caught the bug before goes
 * first: seeds change their meaning when scenarios are added, so it may not catch it any more.
 */
export async function catchPlanted(bug: PlantedBug, search: PlantedSearch): Promise<Caught> {
  const { workers, within = CAUGHT_WITHIN, known = recordedSeeds() } = search;
  const play = (seeds: readonly number[], threads: number): Promise<Simulated> =>
    simulate({
      seeds,
      workers: threads,
      patches: bug.patches,
      onPlayed: ({ violations }) => (violations.length > 0 ? 'enough' : undefined),
    });
  const seed = known[bug.name];
  const first = seed === undefined ? undefined : await play([seed], 1);
  if (first && first.failed.length > 0) return { caught: first.failed[0], schedules: 1 };
  const { failed, schedules } = await play(scenariosFirst(within), workers);
  return { caught: failed[0], schedules };
}

/** The seeds of {@link CAUGHT_BY}. */
export function recordedSeeds(): Readonly<Record<string, number>> {
  return JSON.parse(readFileSync(CAUGHT_BY, 'utf8')) as Record<string, number>;
}
