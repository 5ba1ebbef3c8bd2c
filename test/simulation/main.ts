import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { PLANTED_BUGS } from './planted-bugs.ts';
import { CAUGHT_BY, CAUGHT_WITHIN, catchPlanted, recordedSeeds } from './planted-search.ts';
import { simulate } from './simulation.ts';

const USAGE = `npm run simulate -- [--seeds COUNT] [--from SEED] [--workers COUNT] [--planted [--record]] [--only NAME,NAME…]

Plays the schedules of COUNT seeds from SEED on; fails if a law was broken in one.
--planted: plants one bug at a time, and fails if one is not caught; --seeds: within COUNT.
--record: searches again for each, and keeps the seeds for the test run.`;

/** What the test run plays, and how long that may take. */
const TEST_RUN = { schedules: 2_000, seconds: 90 };

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    from: { type: 'string', default: '1' },
    workers: { type: 'string', default: String(availableParallelism()) },
    planted: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    only: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const workers = Number(values.workers);
if (values.help) console.log(USAGE);
else if (values.planted)
  await planted(values.only?.split(','), Number(values.seeds ?? CAUGHT_WITHIN));
else await many(Number(values.from), Number(values.seeds ?? 2_000));

async function many(from: number, count: number): Promise<void> {
  const seeds = Array.from({ length: count }, (_, n) => from + n);
  const result = await simulate({ seeds, workers });
  for (const { seed, violations, story } of result.failed) {
    console.log(`seed ${seed}`);
    for (const { law, text } of violations) console.log(`  ${law}: ${text.slice(0, 500)}`);
    // One seed is played to be understood.
    if (count === 1) for (const line of story) console.log(`    ${line}`);
  }
  const { schedules, failed, events, crashes, pauses, ms } = result;
  console.log(
    `${schedules} schedules, ${failed.length} failed, in ${(ms / 1_000).toFixed(1)} s: ` +
      `${(schedules / (ms / 1_000)).toFixed(0)}/s; ${events} events, ${crashes} crashes, ${pauses} pauses`,
  );
  if (schedules >= TEST_RUN.schedules) {
    const seconds = ((ms / 1_000) * TEST_RUN.schedules) / schedules;
    const met = seconds <= TEST_RUN.seconds ? 'met' : 'MISSED, if the machine was quiet';
    console.log(
      `  ${TEST_RUN.schedules} schedules in ${seconds.toFixed(1)} s   ≤ ${TEST_RUN.seconds} s  ${met}`,
    );
  }
  if (failed.length > 0) process.exitCode = 1;
}

/** Prints how many schedules each planted bug took until it was caught. */
async function planted(only: readonly string[] | undefined, within: number): Promise<void> {
  const before = recordedSeeds();
  const seeds: Record<string, number> = {};
  for (const bug of PLANTED_BUGS) {
    const { name } = bug;
    if (only && !only.includes(name)) {
      if (before[name] !== undefined) seeds[name] = before[name];
      continue;
    }
    const known = values.record ? {} : before;
    const { caught, schedules } = await catchPlanted(bug, { workers, within, known });
    const laws = [...new Set(caught?.violations.map(({ law }) => law))].join(', ');
    const verdict = caught
      ? `caught after ${String(schedules).padStart(5)}, seed ${caught.seed}: ${laws}`
      : `NOT CAUGHT in ${schedules}`;
    console.log(`${name.padEnd(40)} ${verdict}`);
    if (caught) seeds[name] = caught.seed;
    else process.exitCode = 1;
  }
  if (values.record) await writeFile(CAUGHT_BY, `${JSON.stringify(seeds, null, 2)}\n`);
}
