import type { FakeAws } from '@a2a-aws/testkit/fakes';
import { expect, test } from 'vitest';
import { shortLives } from './fixtures/short-lives.ts';

const timeout = 120_000;
const LIVES = 200;
/** Lives whose calls are compared. */
const WINDOW = 50;
/** By then those that come once a minute look after those that retired ten minutes before. */
const SETTLED = 30;

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The partitions of rows that are no task's. */
const rowsLeft = (aws: FakeAws): string[] =>
  [...aws.dynamodb.items()].map(({ pk }) => String(pk)).filter((pk) => !pk.startsWith('a2a#T#'));

/** Late lives cost as much as early ones. */
function expectSteady(costs: readonly number[], most: number): void {
  const early = costs.slice(SETTLED, SETTLED + WINDOW);
  expect(mean(costs.slice(-WINDOW))).toBeLessThanOrEqual(mean(early) + 1);
  expect(Math.max(...costs)).toBeLessThanOrEqual(most);
}

// About a third of the calls are its task's.
test.each([
  ['follow at once', { lastsMs: 500, restMs: 0 }],
  ['last longer than a beat, and come once a minute', { lastsMs: 7_000, restMs: 53_000 }],
])(
  '[I7] a life costs the same however many there were: lives that %s',
  {
    timeout,
  },
  async (_, { lastsMs, restMs }) => {
    const { calls, aws } = await shortLives(LIVES, { lastsMs, restMs });
    expectSteady(calls, 60);
    // The retired of the last ten minutes, and no lease, queue or subscription of any.
    const rows = rowsLeft(aws);
    expect(rows.filter((pk) => pk === 'a2a#instances')).toEqual([]);
    if (restMs > 0) expect(rows.length).toBeLessThanOrEqual(15);
    expect(aws.sqs.queues.size).toBe(0);
    expect(aws.sns.subscribedQueues()).toEqual([]);
  },
);

test.each([
  ['just longer than a lease', { lastsMs: 30_000, restMs: 10_000 }],
  ['longer than two, and shorter than the quarantine after them', { lastsMs: 60_000, restMs: 0 }],
])(
  '[I7] a life costs the same however many there were, and all crashed: lives that last %s',
  {
    timeout,
  },
  async (_, times) => {
    const { calls, readUnits, aws } = await shortLives(LIVES, { ...times, crashes: true });
    expectSteady(calls, 100);
    expectSteady(readUnits, 60);
    // The crashed of the last quarantine, and the last life.
    expect(rowsLeft(aws).filter((pk) => pk === 'a2a#instances').length).toBeLessThanOrEqual(5);
    expect(aws.sqs.queues.size).toBeLessThanOrEqual(2);
    expect(aws.sns.subscribedQueues().length).toBeLessThanOrEqual(2);
  },
);

test('[I7] lives that crash before a lease runs out cost the same; the first longer one removes them', {
  timeout,
}, async () => {
  const short = { lastsMs: 5_000, restMs: 10_000, crashes: true };
  const { calls, aws, clock, host } = await shortLives(60, short);
  expectSteady(calls, 60);
  const leases = (): number => rowsLeft(aws).filter((pk) => pk === 'a2a#instances').length;
  expect(leases()).toBe(60);
  await clock.run(host.begin());
  // Two lease times to find them dead, a quarantine, and the time to remove so many.
  await clock.advance(120_000);
  expect(leases()).toBe(1);
  expect(aws.sqs.queues.size).toBe(1);
});
