import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startLocalAws } from '@a2a-aws/local';
import { settingsFrom } from '../command-line.ts';
import { type BenchOptions, benchOptions, usage } from './bench-options.ts';
import { apiCalls } from './figures/api-calls.ts';
import { appendRate } from './figures/append-rate.ts';
import { capacity } from './figures/capacity.ts';
import { conversation } from './figures/conversation.ts';
import { cpuPerEvent } from './figures/cpu-per-event.ts';
import { cursorCpu } from './figures/cursor-cpu.ts';
import { doorbellChain } from './figures/doorbell-chain.ts';
import { fleetCost } from './figures/fleet-cost.ts';
import { idleCost } from './figures/idle-cost.ts';
import { latency } from './figures/latency.ts';
import { listing } from './figures/listing.ts';
import { livesCost } from './figures/lives-cost.ts';
import { loading } from './figures/loading.ts';
import { outage } from './figures/outage.ts';
import { overload } from './figures/overload.ts';
import { pushes } from './figures/pushes.ts';
import { putCost } from './figures/put-cost.ts';
import { receiver } from './figures/receiver.ts';
import { recordDelayFigures } from './figures/record-delay.ts';
import { recovery } from './figures/recovery.ts';
import { resumedStreams } from './figures/resumed-streams.ts';
import { stuckReaderMemory } from './figures/stuck-reader.ts';
import { taps } from './figures/taps.ts';
import { throughput } from './figures/throughput.ts';
import { tokenCost } from './figures/token-cost.ts';
import { writtenBytes } from './figures/written-bytes.ts';
import { isMet, type Row } from './row.ts';
import { table } from './table.ts';

const FIGURES = {
  latency,
  throughput,
  'written-bytes': writtenBytes,
  loading,
  conversation,
  'append-rate': appendRate,
  'cpu-per-event': cpuPerEvent,
  'api-calls': apiCalls,
  capacity,
  'token-cost': tokenCost,
  'record-delay': recordDelayFigures,
  pushes,
  'put-cost': putCost,
  taps,
  'doorbell-chain': doorbellChain,
  outage,
  overload,
  receiver,
  'fleet-cost': fleetCost,
  'idle-cost': idleCost,
  'lives-cost': livesCost,
  recovery,
  'stuck-reader': stuckReaderMemory,
  listing,
  'resumed-streams': resumedStreams,
  'cursor-cpu': cursorCpu,
};
const DEFAULT_FILE = fileURLToPath(new URL('../../dist/bench.json', import.meta.url));

type Figure = keyof typeof FIGURES;
const NAMES = Object.keys(FIGURES) as Figure[];

const options = settingsFrom(usage(NAMES), (args) => benchOptions(args, NAMES, DEFAULT_FILE));
if (options) await run(options);

async function run({ figures, json }: BenchOptions<Figure>): Promise<void> {
  const rows: Row[] = [];
  const machine = machineNow();
  const aws = await startLocalAws();
  try {
    for (const name of figures) {
      console.error(`Measuring ${name} …`);
      rows.push(...(await FIGURES[name](aws)));
    }
  } finally {
    await aws.stop();
  }
  console.log(`\n${table(rows)}\n`);
  await save(json, machine, rows);
  const missed = rows.filter((row) => isMet(row) === false);
  for (const { group, label } of missed) console.error(`Missed: ${group}: ${label}`);
  if (missed.length > 0) process.exitCode = 1;
}

/** Returns the properties of the machine that absolute figures depend on. */
function machineNow() {
  return {
    at: new Date().toISOString(),
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    processors: availableParallelism(),
    /** The average number of runnable processes in the minute before the benchmark began. */
    load: loadavg()[0] ?? 0,
  };
}

async function save(
  json: string,
  machine: ReturnType<typeof machineNow>,
  rows: readonly Row[],
): Promise<void> {
  const file = resolve(json);
  await mkdir(dirname(file), { recursive: true });
  const report = { ...machine, rows: rows.map((row) => ({ ...row, met: isMet(row) })) };
  await writeFile(file, `${JSON.stringify(report, undefined, 2)}\n`);
  const { node, processors, load } = machine;
  console.log(
    `node ${node}, ${processors} processors, load before: ${load.toFixed(1)}. Also in ${file}`,
  );
}
