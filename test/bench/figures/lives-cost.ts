import type { LifeTimes } from '../../fixtures/short-lives.ts';
import type { LivesCost, LivesProcess } from '../process/lives-process.ts';
import { ProcessLink } from '../process/process-link.ts';
import type { Row } from '../row.ts';
import { TARGETS } from '../targets.ts';

const LIVES = 10_000;

const KINDS: Readonly<Record<string, LifeTimes>> = {
  'suspended at its end, the next one at once': { lastsMs: 500, restMs: 0 },
  'crashed after 30 s, the next one 10 s later': { lastsMs: 30_000, restMs: 10_000, crashes: true },
};

/** Measures the cost of a short-lived instance after few others and after many, by how they end. */
export async function livesCost(): Promise<Row[]> {
  const rows = await Promise.all(Object.entries(KINDS).map(([kind, times]) => cost(kind, times)));
  return rows.flat();
}

/** Runs the instances in a separate process, because the kinds run at the same time. */
async function cost(kind: string, times: LifeTimes): Promise<Row[]> {
  const link = new ProcessLink<LivesProcess>('./lives-process.ts', {});
  try {
    return rowsOf(kind, await link.remote.play(LIVES, times));
  } finally {
    await link.close();
  }
}

function rowsOf(kind: string, { calls, readUnits, cpuMs }: LivesCost): Row[] {
  const group = `A life with one task, ${kind}, in virtual time on a model of AWS`;
  const target = TARGETS.livesGrowth;
  const growth = ({ early, late }: { early: number; late: number }): number => late / early;
  return [
    { group, label: 'calls of lives 2,000 to 2,100', value: calls.early, unit: 'calls' },
    { group, label: 'calls of lives 9,900 to 10,000', value: calls.late, unit: 'calls' },
    { group, label: 'calls, late beside early', value: growth(calls), unit: '×', target },
    { group, label: 'read units of lives 2,000 to 2,100', value: readUnits.early, unit: 'units' },
    { group, label: 'read units of lives 9,900 to 10,000', value: readUnits.late, unit: 'units' },
    { group, label: 'read units, late beside early', value: growth(readUnits), unit: '×', target },
    {
      group,
      label: 'processor time of an early life',
      value: cpuMs.early,
      unit: 'ms',
      detail: true,
    },
    { group, label: 'processor time of a late life', value: cpuMs.late, unit: 'ms', detail: true },
  ];
}
