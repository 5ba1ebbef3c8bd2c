import { writeFile } from 'node:fs/promises';
import { settingsFrom } from '../command-line.ts';
import { PLANTED_BUGS } from './planted-bugs.ts';
import { CAUGHT_BY, CAUGHT_WITHIN, catchPlanted, recordedSeeds } from './planted-search.ts';
import { type SimulateOptions, simulateOptions, USAGE } from './simulate-options.ts';
import { simulate } from './simulation.ts';

/** The number of schedules in the test run, and its time limit. */
const TEST_RUN = { schedules: 2_000, seconds: 90 };

/** Progress is reported once per this many schedules. */
const REPORT_EVERY = 500;

const options = settingsFrom(USAGE, simulateOptions);
if (options?.planted) await planted(options);
else if (options) await many(options);

async function many({ from, seeds: count = 2_000, workers }: SimulateOptions): Promise<void> {
  const seeds = Array.from({ length: count }, (_, n) => from + n);
  let playedSoFar = 0;
  const onPlayed = (): undefined => {
    playedSoFar += 1;
    if (playedSoFar % REPORT_EVERY === 0) console.error(`${playedSoFar} of ${count}`);
  };
  const result = await simulate({ seeds, workers, onPlayed });
  for (const { seed, violations, transcript } of result.failed) {
    console.log(`seed ${seed}`);
    for (const { law, text } of violations) console.log(`  ${law}: ${text.slice(0, 500)}`);
    // A single seed is played for debugging.
    if (count === 1) for (const line of transcript) console.log(`    ${line}`);
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

/** Prints after how many schedules each planted bug was caught. */
async function planted(options: SimulateOptions): Promise<void> {
  const { only, record, workers, seeds: within = CAUGHT_WITHIN } = options;
  const before = recordedSeeds();
  const seeds: Record<string, number> = {};
  for (const bug of PLANTED_BUGS) {
    const { name } = bug;
    if (only && !only.includes(name)) {
      if (before[name] !== undefined) seeds[name] = before[name];
      continue;
    }
    const known = record ? {} : before;
    const { caught, schedules } = await catchPlanted(bug, { workers, within, known });
    const laws = [...new Set(caught?.violations.map(({ law }) => law))].join(', ');
    const result = caught
      ? `caught after ${String(schedules).padStart(5)}, seed ${caught.seed}: ${laws}`
      : `NOT CAUGHT in ${schedules}`;
    console.log(`${name.padEnd(40)} ${result}`);
    if (caught) seeds[name] = caught.seed;
    else process.exitCode = 1;
  }
  if (record) await writeFile(CAUGHT_BY, `${JSON.stringify(seeds, null, 2)}\n`);
}
