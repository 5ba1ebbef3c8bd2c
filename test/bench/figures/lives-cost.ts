import { type LifeTimes, shortLives } from '../../fixtures/short-lives.ts';
import type { Row } from '../row.ts';
import { TARGETS } from '../targets.ts';

const LIVES = 10_000;
const WINDOW = 100;
/** By then as much is left of former lives as there will ever be. */
const SETTLED = 100;

const KINDS: Readonly<Record<string, LifeTimes>> = {
  'one at once after the other': { lastsMs: 500, restMs: 0 },
  'one a minute, longer than a beat': { lastsMs: 7_000, restMs: 53_000 },
};

/** What a life of a process costs that is frozen in between, after few lives and after many. */
export async function livesCost(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [kind, times] of Object.entries(KINDS)) rows.push(...(await cost(kind, times)));
  return rows;
}

async function cost(kind: string, times: LifeTimes): Promise<Row[]> {
  const group = `Calls of a life with one task, ${kind}, counted in a model of AWS`;
  const { calls, cpuMs } = await shortLives(LIVES, times);
  const [early, late] = ends(calls);
  const [earlyMs, lateMs] = ends(cpuMs);
  const unit = 'calls';
  return [
    { group, label: 'lives 100 to 200', value: early, unit },
    { group, label: 'lives 9,900 to 10,000', value: late, unit },
    {
      group,
      label: 'the late beside the early',
      value: late / early,
      unit: '×',
      target: TARGETS.livesGrowth,
    },
    { group, label: 'processor time of an early life', value: earlyMs, unit: 'ms', detail: true },
    { group, label: 'processor time of a late life', value: lateMs, unit: 'ms', detail: true },
  ];
}

/** The means of the first lives that count and of the last. */
function ends(values: readonly number[]): [early: number, late: number] {
  return [mean(values.slice(SETTLED, SETTLED + WINDOW)), mean(values.slice(-WINDOW))];
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
