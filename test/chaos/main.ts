import { DEFAULT_LEASE_SETTINGS } from '@a2a-aws/core';
import { settingsFrom } from '../command-line.ts';
import { chaos } from './chaos.ts';
import { chaosOptions, USAGE } from './chaos-options.ts';
import { timeKills } from './timed-kills.ts';

const options = settingsFrom(USAGE, chaosOptions);
if (options) await run(options.kills, options.seed);

async function run(kills: number, seed: number): Promise<void> {
  const { signals, tasks, connections, hung, otherFaults, leaked, ...zeros } = await chaos({
    signals: kills,
    seed,
    onProgress: progress,
  });
  console.log(`${JSON.stringify(signals)}; ${tasks} tasks over ${connections} connections`);
  const counts = { hung: hung.length, otherFaults: otherFaults.length, leaked: leaked.length };
  const faults = { ...zeros, ...counts };
  for (const [name, count] of Object.entries(faults)) line(name, count, '', 0);
  for (const detail of [...hung, ...otherFaults, ...leaked].slice(0, 20))
    console.log(`    ${detail}`);

  const { beatMs, leaseMs } = DEFAULT_LEASE_SETTINGS;
  for (const { led, endedMs, cleanedMs } of await timeKills(progress)) {
    const role = led ? 'leader' : 'follower';
    const bound = (led ? 2 : 1) * leaseMs + 2 * beatMs;
    line(`kill -9 of a ${role}: its tasks terminal after`, endedMs / 1_000, 's', bound / 1_000);
    line('  then all its traces are gone after', cleanedMs / 1_000, 's', 90);
  }
}

/** Writes to stderr, with the seconds since the start, so that stdout has only the table. */
function progress(text: string): void {
  console.error(`${(performance.now() / 1_000).toFixed(0).padStart(4)} s  ${text}`);
}

function line(name: string, value: number, unit: string, atMost: number): void {
  const met = value <= atMost;
  if (!met) process.exitCode = 1;
  const [measured, target] = [value, atMost].map((figure) =>
    `${figure.toFixed(unit === '' ? 0 : 1)} ${unit}`.trim(),
  );
  console.log(
    `  ${name.padEnd(48)} ${measured?.padStart(8)}   ≤ ${target}  ${met ? 'met' : 'MISSED'}`,
  );
}
