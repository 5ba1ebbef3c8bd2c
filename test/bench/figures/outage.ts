import type { LocalAws } from '@a2a-aws/local';
import { TcpProxy } from '../../fixtures/tcp-proxy.ts';
import { KILOBYTE } from '../agent/payload.ts';
import { monotonicMs } from '../monotonic-time.ts';
import { Pair } from '../process/pair.ts';
import { quantile } from '../quantile.ts';
import type { Row } from '../row.ts';
import { TARGETS } from '../targets.ts';

const PERIOD_MS = 100;
/** Long enough for the doorbell to be trusted, in milliseconds. */
const BEFORE_MS = 15_000;
const OUTAGE_MS = 60_000;
const AFTER_MS = 20_000;
/** A doorbell brings an event sooner than this; a later event was found by reading. */
const LATE_MS = 1_000;

interface Sample {
  /** The time of publication, in monotonic milliseconds. */
  readonly at: number;
  readonly age: number;
}

/** Measures events from A to a tap on B while SNS and SQS are unreachable for both. */
export async function outage(aws: LocalAws): Promise<Row[]> {
  const proxy = await TcpProxy.start(aws.clientConfig.sns.endpoint);
  const env = { AWS_ENDPOINT_URL_SNS: proxy.endpoint, AWS_ENDPOINT_URL_SQS: proxy.endpoint };
  const pair = await Pair.start(aws, 'outage', false, env);
  try {
    await pair.openTask(true);
    const steady = await publishFor(pair, BEFORE_MS);
    const began = monotonicMs();
    proxy.shut();
    const during = await publishFor(pair, OUTAGE_MS);
    proxy.open();
    const after = await publishFor(pair, AFTER_MS);
    const samples = await Promise.all([...steady, ...during, ...after]);
    await pair.a.play({ chunks: 1, chunkLength: KILOBYTE, pace: 'burst' });
    const tapped = await pair.b.tapped();
    return rows(samples, began, (tapped?.chunks ?? 0) - samples.length - 1);
  } finally {
    proxy.open();
    await pair.stop();
    await proxy.stop();
  }
}

/** The tap gives events in order, so the next age that it reports is that of the next event. */
async function publishFor(pair: Pair, ms: number): Promise<Promise<Sample>[]> {
  const samples: Promise<Sample>[] = [];
  const end = monotonicMs() + ms;
  while (monotonicMs() < end) {
    const at = monotonicMs();
    samples.push(pair.nextAge().then((age) => ({ at, age })));
    await pair.a.publishStamped();
    await new Promise((resolve) => setTimeout(resolve, PERIOD_MS));
  }
  return samples;
}

function rows(samples: readonly Sample[], began: number, surplus: number): Row[] {
  const group = `SNS and SQS shut for ${OUTAGE_MS / 1_000} s, two processes, an event every ${PERIOD_MS} ms, ${samples.length} events`;
  const late = samples.filter(({ at, age }) => at + age > began && age > LATE_MS);
  const noticed = Math.max(
    0,
    ...late.filter(({ at }) => at < began + OUTAGE_MS / 2).map(({ at, age }) => at + age - began),
  );
  const ages = samples.filter(({ at }) => at > began + noticed).map(({ age }) => age);
  return [
    {
      group,
      label: 'latest arrival of an event that was late, after the outage began',
      value: noticed / 1_000,
      unit: 's',
      target: TARGETS.outageNoticed,
    },
    {
      group,
      label: 'longest way of an event from then on, the end of the outage included',
      value: Math.max(...ages),
      unit: 'ms',
      target: TARGETS.outageLatency,
    },
    { group, label: 'p50 of them', value: quantile(ages, 0.5), unit: 'ms', detail: true },
    {
      group,
      label: 'events lost or given twice',
      value: Math.abs(surplus),
      unit: '',
      target: TARGETS.outageLost,
    },
  ];
}
