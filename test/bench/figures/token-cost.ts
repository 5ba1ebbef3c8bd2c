import { sleep } from '@a2a-aws/core/internal';
import { SeededRandom, VirtualClock } from '@a2a-aws/testkit/fakes';
import { callContext } from '../../fixtures/requests.ts';
import { PacedAgent } from '../agent/paced-agent.ts';
import { beginTask, FakeFleet, type FakeMember } from '../fakes/fake-fleet.ts';
import { latencyModel } from '../fakes/latency-model.ts';
import { spent } from '../fakes/prices.ts';
import type { Row } from '../row.ts';
import { TARGETS } from '../targets.ts';

const STREAMS = 100;
const TOKENS = 300;
const EVERY_MS = 33;
const TOKEN_LENGTH = 20;
/** Every fifth task is followed on two other instances, the rest on one: 1.2 on average. */
const BOTH = 5;
/** By then, all work that follows from the last token has been done. */
const QUIET_MS = 180_000;
/** Without heartbeats, which are a cost of an instance and not of a token. */
const LONG_LEASE = { beatMs: 86_400_000, leaseMs: 2 * 86_400_000, quarantineMs: 60_000 };
const SEED = 1;

/** Measures the cost of a model's tokens, from counted calls in a model of AWS. */
export async function tokenCost(): Promise<Row[]> {
  const clock = new VirtualClock();
  const fleet = new FakeFleet({ clock, faults: latencyModel(SEED), lease: LONG_LEASE });
  const random = new SeededRandom(SEED);
  // Streams of models are not in step.
  const pause = (): Promise<void> => sleep(clock, EVERY_MS * (0.5 + random.next()));
  const agent = new PacedAgent({ chunks: TOKENS, chunkLength: TOKEN_LENGTH, pause });
  const writer = await clock.run(fleet.join('writer', agent));
  const one = await clock.run(fleet.join('one', agent));
  const other = await clock.run(fleet.join('other', agent));
  const before = spent(fleet.aws);
  const begun = clock.now();
  const followed: Promise<number>[] = [];
  for (let at = 0; at < STREAMS; at += 1) {
    const id = await clock.run(beginTask(writer.handler));
    const readers = at % BOTH === 0 ? [one, other] : [at % 2 === 0 ? one : other];
    for (const reader of readers) followed.push(tokensOf(reader, id));
  }
  // After this time the writer knows the readers.
  await clock.advance(2_000);
  agent.go();
  for (const tokens of await clock.run(Promise.all(followed))) {
    if (tokens !== TOKENS) throw new Error(`A reader got ${tokens} tokens.`);
  }
  await clock.advance(QUIET_MS);
  const worked = spent(fleet.aws);
  // Measures the cost of idle instances over the same time.
  await clock.advance(clock.now() - begun);
  const idled = spent(fleet.aws);
  await clock.run(fleet.stop());
  const net = (of: 'calls' | 'microdollars'): number =>
    (worked[of] - before[of] - (idled[of] - worked[of])) / (STREAMS * TOKENS);
  const group = `Cost of tokens of ${TOKEN_LENGTH} bytes, ${EVERY_MS} ms apart on average, ${STREAMS} streams on an instance, 1.2 other instances interested`;
  return [
    {
      group,
      label: 'a million tokens',
      value: net('microdollars'),
      unit: 'USD',
      target: TARGETS.tokenDollars,
    },
    { group, label: 'a token', value: net('calls'), unit: 'calls', detail: true },
  ];
}

async function tokensOf({ handler }: FakeMember, id: string): Promise<number> {
  let tokens = 0;
  for await (const { payload } of handler.resubscribe({ tenant: '', id }, callContext())) {
    if (payload?.$case === 'artifactUpdate') tokens += 1;
  }
  return tokens;
}
