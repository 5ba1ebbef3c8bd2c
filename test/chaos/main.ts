import { DEFAULT_LEASE_SETTINGS } from '@a2a-aws/core';
import { settingsFrom } from '../command-line.ts';
import { chaos } from './chaos.ts';
import { chaosOptions, USAGE } from './chaos-options.ts';
import { pushes } from './pushes.ts';
import { sendSignals } from './server-signals.ts';
import { streams } from './streams.ts';
import { timeKills } from './timed-kills.ts';

const options = settingsFrom(USAGE, chaosOptions);
if (options?.streams !== undefined) await runStreams(options.streams, options.seed);
else if (options?.pushes !== undefined) await runPushes(options.pushes, options.seed);
else if (options) await run(options.kills, options.seed);

async function runStreams(count: number, seed: number): Promise<void> {
  const { failed, events, cuts, interruptions, ...zeros } = await streams({
    streams: count,
    open: 40,
    events: 200,
    servers: 3,
    // About one signal for thirty streams.
    disturb: (servers, random, onProgress) =>
      sendSignals(servers, Math.ceil(count / 30), random, onProgress),
    cutBytes: [200, 16_000],
    seed,
    onProgress: progress,
  });
  const { streams: read, ...faults } = { ...zeros, failed: failed.length };
  console.log(`${read} streams, ${events} events; ${cuts} cuts, ${interruptions} interruptions`);
  for (const [name, value] of Object.entries(faults)) line(name, value, '', 0);
  for (const detail of failed.slice(0, 20)) console.log(`    ${detail}`);
}

async function runPushes(kills: number, seed: number): Promise<void> {
  const { tasks, events, repeated, failed, ...zeros } = await pushes({
    kills,
    servers: 3,
    open: 12,
    chunks: 40,
    seed,
    onProgress: progress,
  });
  console.log(`${tasks} tasks, ${events} events, ${kills} kills`);
  for (const [name, value] of Object.entries({ ...zeros, failed: failed.length })) {
    line(name, value, '', 0);
  }
  line('repeated', (100 * repeated) / Math.max(1, events), '%', 1);
  for (const detail of failed.slice(0, 20)) console.log(`    ${detail}`);
}

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
