import type { LocalAws } from '@a2a-aws/local';
import type { TokenOrder } from '../agent/token-agent.ts';
import { TokenFleet } from '../process/token-fleet.ts';
import { median } from '../quantile.ts';
import type { Row } from '../row.ts';
import { TARGETS } from '../targets.ts';

const STREAMS = 50;
const ORDER: TokenOrder = { tokens: 600, everyMs: 33 };
const SHORT: TokenOrder = { tokens: 60, everyMs: 33 };
const WARM_UP: TokenOrder = { tokens: 60, everyMs: 33 };
/** The streams that are sent one after the other to measure the time to their first events. */
const PROBES = 40;
const ROUNDS = 8;
const PROBE: TokenOrder = { tokens: 1, everyMs: 33 };
/** The time after which a larger crowd has come to rest, and the time it is then watched. */
const SETTLE_MS = 2_000;
const WATCH_MS = 3_000;
const MAX_P95_MS = 500;
/** The streams that are added in each step until too many tokens are late, at most this many. */
const STEP = { backend: 25, sdk: 10 };
const MOST = 300;

/**
 * Measures how many streams of a model's tokens one process can serve, beside the SDK's handler with its
 * store in memory. The clients, DynamoDB, SNS and SQS run in other processes.
 */
export async function capacity(aws: LocalAws): Promise<Row[]> {
  const fleet = await TokenFleet.start(aws, 'capacity');
  try {
    await fleet.load({ streams: STREAMS, order: WARM_UP, isFollowed: true });
    const alone = await withImmediate(aws, (immediate) => latencies(fleet, immediate));
    const local = await fleet.load({ streams: STREAMS, order: ORDER });
    const followed = await fleet.load({ streams: STREAMS, order: ORDER, isFollowed: true });
    const most = await mostStreams(fleet, STEP.backend);
    await fleet.useSdk();
    await fleet.load({ streams: STREAMS, order: WARM_UP });
    const sdk = await fleet.load({ streams: STREAMS, order: ORDER });
    const sdkMost = await mostStreams(fleet, STEP.sdk);
    const group = `${STREAMS} streams of ${ORDER.tokens} tokens of 20 bytes, ${ORDER.everyMs} ms apart, clients and AWS in other processes`;
    const cpu = 'CPU of the server for each token';
    return [
      { group, label: `${cpu}, backend`, value: local.a, unit: 'ms', target: TARGETS.tokenCpu },
      {
        group,
        label: `${cpu}, the SDK’s handler on its InMemoryTaskStore`,
        value: sdk.a,
        unit: 'ms',
      },
      { group, label: 'ratio', value: local.a / sdk.a, unit: '×', target: TARGETS.tokenCpuRatio },
      {
        group,
        label: 'each task also followed on another instance: the writer',
        value: followed.a,
        unit: 'ms',
        target: TARGETS.followedTokenCpu,
      },
      {
        group,
        label: 'each task also followed on another instance: the other',
        value: followed.b,
        unit: 'ms',
        target: TARGETS.followingCpu,
      },
      ...[
        { who: 'backend', load: local },
        { who: 'the SDK’s handler', load: sdk },
      ].flatMap(({ who, load: { p50, p95 } }) => [
        { group, label: `p50 from publish to client, ${who}`, value: p50, unit: 'ms' },
        { group, label: `p95 from publish to client, ${who}`, value: p95, unit: 'ms' },
      ]),
      ...mostRows(most, sdkMost),
      ...alone,
    ];
  } finally {
    await fleet.stop();
  }
}

/** Runs `work` with a fleet whose events wait for no others. */
async function withImmediate<T>(
  aws: LocalAws,
  work: (fleet: TokenFleet) => Promise<T>,
): Promise<T> {
  const fleet = await TokenFleet.start(aws, 'capacity-0', 0);
  try {
    await fleet.load({ streams: STREAMS, order: WARM_UP });
    return await work(fleet);
  } finally {
    await fleet.stop();
  }
}

/**
 * Compares the latency of few streams, and the time to a first event, with those of a fleet without record
 * delays, alternating.
 */
async function latencies(fleet: TokenFleet, immediate: TokenFleet): Promise<Row[]> {
  const group = 'Latency of token streams, and as a multiple of that without record delays';
  const rows: Row[] = [];
  const compare = async (label: string, measure: (of: TokenFleet) => Promise<number>) => {
    const ours: number[] = [];
    const others: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const sides = [
        { of: fleet, values: ours },
        { of: immediate, values: others },
      ];
      // ABBA: neither side always comes first.
      for (const { of, values } of round % 2 === 0 ? sides : sides.reverse()) {
        values.push(await measure(of));
      }
    }
    const value = median(ours);
    const ratio = value / median(others);
    rows.push({ group, label, value, unit: 'ms' });
    rows.push({ group, label: 'ratio', value: ratio, unit: '×', target: TARGETS.tokenLatency });
  };
  for (const streams of [1, 5]) {
    const measure = async (of: TokenFleet) => (await of.load({ streams, order: SHORT })).p50;
    await compare(`p50 from publish to client, streams: ${streams}`, measure);
  }
  for (const streams of [1, STREAMS]) {
    await compare(
      `p50 of the time to the first event, streams: ${streams}`,
      async ({ clients }) => {
        await clients.crowd(streams - 1, SHORT);
        const { firstP50 } = await clients.readInTurn(PROBES, PROBE);
        await clients.dismiss();
        return firstP50;
      },
    );
  }
  return rows;
}

/** Resolves with the largest number of streams whose tokens are not late. */
async function mostStreams({ clients }: TokenFleet, step: number): Promise<number> {
  let streams = 0;
  while (streams < MOST) {
    await clients.crowd(step, ORDER);
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const { p95, tokens, failures } = await clients.watch(WATCH_MS);
    // A server may refuse streams that it cannot serve in time.
    if (failures > 0 || tokens === 0 || p95 > MAX_P95_MS) break;
    streams += step;
  }
  await clients.leave();
  return streams;
}

function mostRows(backend: number, sdk: number): Row[] {
  const group = `Streams of a token every ${ORDER.everyMs} ms, p95 from publish to client at most ${MAX_P95_MS} ms`;
  const unit = 'streams';
  return [
    { group, label: 'backend', value: backend, unit, target: TARGETS.tokenStreams },
    { group, label: 'the SDK’s handler on its InMemoryTaskStore', value: sdk, unit },
  ];
}
