import { parseArgs } from 'node:util';
import { whole } from '../command-line.ts';

export const USAGE = `npm run chaos -- [--kills COUNT] [--seed SEED]

Kills, pauses and drains servers COUNT times (100) while clients follow tasks on them, then measures
the recovery from two kills under the default lease. Fails if an event was lost or repeated, a task
hung, a trace was left, or a recovery took too long. Reports progress on stderr.`;

/** @throws UsageError, or an error of `parseArgs`. */
export function chaosOptions(args: string[]): { readonly kills: number; readonly seed: number } {
  const { values } = parseArgs({
    args,
    options: {
      kills: { type: 'string', default: '100' },
      seed: { type: 'string', default: '1' },
    },
  });
  return { kills: whole('--kills', values.kills, 1), seed: whole('--seed', values.seed, 0) };
}
