import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { knownNames, UsageError, whole } from '../command-line.ts';
import { PLANTED_BUGS } from './planted-bugs.ts';

export const USAGE = `npm run simulate -- [--seeds COUNT] [--from SEED] [--workers COUNT] [--planted [--record]] [--only NAME,NAME…]

Plays the schedules of COUNT seeds (2,000) from SEED (1) on; fails if a law was broken in one.
--planted: plants one bug at a time, and fails if one is not caught; --seeds: within COUNT.
--only: these bugs; --record: searches again for each, and keeps the seeds for the test run.`;

export interface SimulateOptions {
  readonly seeds: number | undefined;
  readonly from: number;
  readonly workers: number;
  readonly planted: boolean;
  readonly record: boolean;
  /** Names of planted bugs; undefined: all. */
  readonly only: readonly string[] | undefined;
}

/** @throws UsageError, or an error of `parseArgs`. */
export function simulateOptions(args: string[]): SimulateOptions {
  const { values } = parseArgs({
    args,
    options: {
      seeds: { type: 'string' },
      from: { type: 'string' },
      workers: { type: 'string', default: String(availableParallelism()) },
      planted: { type: 'boolean', default: false },
      record: { type: 'boolean', default: false },
      only: { type: 'string' },
    },
  });
  const { seeds, from, workers, planted, record, only } = values;
  if (!planted && (record || only !== undefined)) {
    throw new UsageError('--record and --only go with --planted.');
  }
  if (planted && from !== undefined) throw new UsageError('--from does not go with --planted.');
  const names = PLANTED_BUGS.map(({ name }) => name);
  return {
    seeds: seeds === undefined ? undefined : whole('--seeds', seeds, 1),
    from: from === undefined ? 1 : whole('--from', from, 0),
    workers: whole('--workers', workers, 1),
    planted,
    record,
    only: only === undefined ? undefined : knownNames('planted bug', only.split(','), names),
  };
}
