import { parseArgs } from 'node:util';
import { whole } from '../command-line.ts';

export const USAGE = `npm run chaos -- [--kills COUNT] [--seed SEED]

Kills, pauses and drains servers COUNT times (100) while clients follow tasks on them, then times two
deaths under the default lease. Fails if anything was lost, doubled, hung or left over, or a death
took too long. Says on stderr how far it is.`;

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
