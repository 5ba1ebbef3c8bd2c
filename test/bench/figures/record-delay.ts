import { sleep } from '@a2a-aws/core/internal';
import { SeededRandom, VirtualClock } from '@a2a-aws/testkit/fakes';
import { callContext } from '../../fixtures/requests.ts';
import { PacedAgent } from '../agent/paced-agent.ts';
import { beginTask, FakeFleet, type FakeMember } from '../fakes/fake-fleet.ts';
import { latencyModel } from '../fakes/latency-model.ts';
import { quantile } from '../quantile.ts';
import type { Row } from '../row.ts';

const LOADS = [1, 2, 5, 10, 15, 20, 30, 40, 50, 75, 100] as const;
const TOKENS = 150;
const EVERY_MS = 33;
/** Tokens before it tell nothing: the instance measures its load over a second. */
const WARM_UP_MS = 1_500;
const SEED = 1;

interface Measured {
  readonly p50: number;
  readonly p95: number;
  readonly recordsPerSecond: number;
}

/**
 * Measures how late the tokens of many streams are because their records wait for more tokens, in a
 * model of AWS on a virtual clock: no figure depends on the machine.
 */
export async function recordDelayFigures(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const streams of LOADS) {
    const group = `Tokens ${EVERY_MS} ms apart on average in a model of AWS, streams: ${streams}`;
    const { p50, p95, recordsPerSecond } = await measured(streams);
    rows.push(
      { group, label: 'p50 from publish to a local reader', value: p50, unit: 'ms' },
      { group, label: 'p95 from publish to a local reader', value: p95, unit: 'ms' },
      { group, label: 'records of the instance', value: recordsPerSecond, unit: 'per second' },
    );
  }
  return rows;
}

async function measured(streams: number): Promise<Measured> {
  const clock = new VirtualClock();
  const fleet = new FakeFleet({ clock, faults: latencyModel(SEED) });
  const random = new SeededRandom(SEED);
  // Streams of models are not in step.
  const pause = (): Promise<void> => sleep(clock, EVERY_MS * (0.5 + random.next()));
  const agent = new PacedAgent({ chunks: TOKENS, pause, text: () => `${clock.now()}|` });
  const member = await clock.run(fleet.join('one', agent));
  const ages: number[] = [];
  const readers: Promise<void>[] = [];
  let begin = Number.POSITIVE_INFINITY;
  for (let at = 0; at < streams; at += 1) {
    const id = await clock.run(beginTask(member.handler));
    readers.push(
      read(member, id, (publishedAt) => {
        if (publishedAt - begin >= WARM_UP_MS) ages.push(clock.now() - publishedAt);
      }),
    );
  }
  await clock.advance(1_000);
  begin = clock.now();
  const puts = (): number => fleet.aws.meter.of('dynamodb', 'PutItem').calls;
  const before = puts();
  agent.go();
  await clock.run(Promise.all(readers));
  const seconds = (clock.now() - begin) / 1_000;
  const recordsPerSecond = (puts() - before) / seconds;
  await clock.run(fleet.stop());
  return { p50: quantile(ages, 0.5), p95: quantile(ages, 0.95), recordsPerSecond };
}

async function read(
  { handler }: FakeMember,
  id: string,
  onToken: (publishedAtMs: number) => void,
): Promise<void> {
  for await (const { payload } of handler.resubscribe({ tenant: '', id }, callContext())) {
    if (payload?.$case !== 'artifactUpdate') continue;
    const content = payload.value.artifact?.parts[0]?.content;
    if (content?.$case === 'text') onToken(Number.parseInt(content.value, 10));
  }
}
