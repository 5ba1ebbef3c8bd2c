import type { LocalAws } from '@a2a-aws/local';
import { Pair } from '../process/pair.ts';
import { quantile } from '../quantile.ts';
import type { Row } from '../row.ts';
import { TARGETS } from '../targets.ts';

const WARM_UP = 100;
const ROUNDS = 20;
const SAMPLES_A_ROUND = 50;
/**
 * The pause between an event's arrival and the next event, in milliseconds. The receivers poll
 * again by then.
 */
const PAUSE_MS = 5;

/**
 * Measures the time from a publish on A to the event at a tap on B, beside the same calls by hand,
 * alternating (ABAB …).
 */
export async function latency(aws: LocalAws): Promise<Row[]> {
  const pair = await Pair.start(aws, 'latency', false);
  try {
    await pair.openTask(true);
    await pair.b.receiveByHand();
    const backend = () => sample(pair, () => pair.a.publishStamped());
    const byHand = () => sample(pair, () => pair.a.publishByHand());
    await times(WARM_UP, backend);
    await times(WARM_UP, byHand);
    const ages = { backend: [] as number[], byHand: [] as number[] };
    for (let round = 0; round < ROUNDS; round += 1) {
      ages.backend.push(...(await times(SAMPLES_A_ROUND, backend)));
      ages.byHand.push(...(await times(SAMPLES_A_ROUND, byHand)));
    }
    return rows(ages.backend, ages.byHand);
  } finally {
    await pair.stop();
  }
}

function rows(backend: readonly number[], byHand: readonly number[]): Row[] {
  const group = `Latency, publish on A to a tap on B, 1 KB, two processes, ${backend.length} samples each`;
  const percentiles = [
    { name: 'p50', share: 0.5, target: TARGETS.latencyMedian },
    { name: 'p99', share: 0.99, target: TARGETS.latencyTail },
  ];
  return percentiles.flatMap(({ name, share, target }): Row[] => {
    const ours = quantile(backend, share);
    const hand = quantile(byHand, share);
    return [
      { group, label: `${name}, backend`, value: ours, unit: 'ms' },
      {
        group,
        label: `${name}, PutItem, Publish, ReceiveMessage by hand`,
        value: hand,
        unit: 'ms',
      },
      { group, label: `${name}, ratio`, value: ours / hand, unit: '×', target },
    ];
  });
}

/** Measures one event. The next one is not published before this one has arrived. */
async function sample(pair: Pair, publish: () => Promise<void>): Promise<number> {
  const [age] = await Promise.all([pair.nextAge(), publish()]);
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  return age;
}

async function times(count: number, one: () => Promise<number>): Promise<number[]> {
  const values: number[] = [];
  for (let at = 0; at < count; at += 1) values.push(await one());
  return values;
}
