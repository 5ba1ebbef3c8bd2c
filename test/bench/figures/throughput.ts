import type { LocalAws } from '@a2a-aws/local';
import { KILOBYTE } from '../agent/payload.ts';
import { Pair } from '../process/pair.ts';
import { median } from '../quantile.ts';
import type { Row } from '../row.ts';
import { TARGETS } from '../targets.ts';

const EVENTS = 1_000;
const RUNS = 7;

/**
 * Measures the events a second of one task that is published in one burst on A, from the first
 * publish to the last event at B's tap.
 */
export async function throughput(aws: LocalAws): Promise<Row[]> {
  const pair = await Pair.start(aws, 'throughput', false);
  try {
    await eventsPerSecond(pair);
    const rates: number[] = [];
    for (let run = 0; run < RUNS; run += 1) rates.push(await eventsPerSecond(pair));
    const group = `Throughput, ${EVENTS} events of 1 KB of one task, A to a tap on B, ${RUNS} runs`;
    const unit = 'events/s';
    return [
      { group, label: 'median', value: median(rates), unit, target: TARGETS.throughput },
      { group, label: 'slowest', value: Math.min(...rates), unit },
      { group, label: 'fastest', value: Math.max(...rates), unit },
    ];
  } finally {
    await pair.stop();
  }
}

async function eventsPerSecond(pair: Pair): Promise<number> {
  await pair.openTask();
  const { beganAt } = await pair.a.play({ chunks: EVENTS, chunkLength: KILOBYTE, pace: 'burst' });
  const tapped = await pair.b.tapped();
  if (tapped?.chunks !== EVENTS) throw new Error(`The tap gave ${tapped?.chunks} events.`);
  await pair.settled();
  return EVENTS / ((tapped.lastChunkAt - beganAt) / 1_000);
}
