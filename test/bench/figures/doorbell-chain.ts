import { VirtualClock } from '@a2a-aws/testkit/fakes';
import type { StreamResponse } from '@a2a-js/sdk';
import { callContext } from '../../fixtures/requests.ts';
import { CrowdAgent } from '../agent/crowd-agent.ts';
import { beginTask, FakeFleet } from '../fakes/fake-fleet.ts';
import { latencyModel, STEPS_MS } from '../fakes/latency-model.ts';
import { quantile } from '../quantile.ts';
import type { Row } from '../row.ts';
import { TARGETS } from '../targets.ts';

const RATES = [
  { perSecond: 1, events: 500 },
  { perSecond: 200, events: 4_000 },
] as const;
const SEED = 1;

/**
 * Measures the time from a publish on A to the event at a tap on B, in a model of the services'
 * latencies, in virtual time.
 */
export async function doorbellChain(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { perSecond, events } of RATES) {
    const ages = await agesAt(perSecond, events, 'sns');
    const direct = await agesAt(perSecond, events, 'direct');
    const sum = Object.values(STEPS_MS).reduce((total, ms) => total + ms, 0);
    const group = `Publish on A to a tap on B, ${perSecond} events/s of one task, modelled latencies (sum ${sum} ms), ${events} events`;
    const p50 = quantile(ages, 0.5);
    const p99 = quantile(ages, 0.99);
    rows.push(
      { group, label: 'p50', value: p50, unit: 'ms' },
      { group, label: 'p50 ÷ the sum', value: p50 / sum, unit: '×', target: TARGETS.chainMedian },
      { group, label: 'p99', value: p99, unit: 'ms' },
      { group, label: 'p99 ÷ the sum', value: p99 / sum, unit: '×', target: TARGETS.chainTail },
      { group, label: 'without a topic, p50', value: quantile(direct, 0.5), unit: 'ms' },
      {
        group,
        label: 'without a topic, p50 ÷ over one',
        value: quantile(direct, 0.5) / p50,
        unit: '×',
        target: TARGETS.directMedian,
      },
      { group, label: 'without a topic, p99', value: quantile(direct, 0.99), unit: 'ms' },
    );
  }
  return rows;
}

async function agesAt(
  perSecond: number,
  events: number,
  fanout: 'sns' | 'direct',
): Promise<number[]> {
  const clock = new VirtualClock();
  const fleet = new FakeFleet({ clock, faults: latencyModel(SEED), fanout });
  const agent = new CrowdAgent();
  const a = await clock.run(fleet.join('A', agent));
  const b = await clock.run(fleet.join('B', agent));
  const id = await clock.run(beginTask(a.handler));
  const stream = b.handler.resubscribe({ tenant: '', id }, callContext());
  await clock.run(stream.next());
  // After this time A knows of the tap, and both instances know that doorbells arrive.
  await clock.advance(10_000);

  const said: number[] = [];
  const ages: number[] = [];
  const read = (async () => {
    for await (const { payload } of stream) {
      if (isChunk(payload)) ages.push(clock.now() - (said[ages.length] ?? 0));
    }
  })();
  for (let at = 0; at < events; at += 1) {
    said.push(clock.now());
    agent.say();
    await clock.advance(1_000 / perSecond);
  }
  agent.end();
  await clock.run(read);
  await clock.run(fleet.stop());
  if (ages.length !== events) throw new Error(`The tap gave ${ages.length} of ${events} events.`);
  return ages;
}

function isChunk(payload: StreamResponse['payload']): boolean {
  return payload?.$case === 'artifactUpdate';
}
