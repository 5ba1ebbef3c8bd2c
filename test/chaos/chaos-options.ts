import { parseArgs } from 'node:util';
import { whole } from '../command-line.ts';

export const USAGE = `npm run chaos -- [--kills COUNT | --streams COUNT | --pushes COUNT] [--seed SEED]

Kills, pauses and drains servers COUNT times (100) while clients follow tasks on them, then measures
the recovery from two kills under the default lease. Fails if an event was lost or repeated, a task
hung, a trace was left, or a recovery took too long. Reports progress on stderr.

--streams: has resuming clients read COUNT streams instead, through a proxy that cuts connections at
random bytes. Fails if a client did not get each event once and in order.

--pushes: kills servers COUNT times while they push events to receivers that fail. Fails if a receiver
did not get each event in order, or got more than 1 % of them twice.`;

interface ChaosSettings {
  readonly kills: number;
  /** `undefined` for the kills. */
  readonly streams: number | undefined;
  /** The kills of servers that push; `undefined` for the others. */
  readonly pushes: number | undefined;
  readonly seed: number;
}

/** @throws UsageError, or an error of `parseArgs`. */
export function chaosOptions(args: string[]): ChaosSettings {
  const { values } = parseArgs({
    args,
    options: {
      kills: { type: 'string', default: '100' },
      streams: { type: 'string' },
      pushes: { type: 'string' },
      seed: { type: 'string', default: '1' },
    },
  });
  const { kills, streams, pushes, seed } = values;
  return {
    kills: whole('--kills', kills, 1),
    streams: streams === undefined ? undefined : whole('--streams', streams, 1),
    pushes: pushes === undefined ? undefined : whole('--pushes', pushes, 1),
    seed: whole('--seed', seed, 0),
  };
}
