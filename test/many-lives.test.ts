import type { FakeAws } from '@a2a-aws/testkit/fakes';
import { expect, test } from 'vitest';
import { shortLives } from './fixtures/short-lives.ts';

const timeout = 120_000;
const LIVES = 200;
/** Lives whose calls are compared. */
const WINDOW = 50;
/** By then those that come once a minute look after those that retired ten minutes before. */
const SETTLED = 30;
/** About a third of them are its task's. */
const MOST_CALLS = 60;

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The partitions of rows that are no task's. */
const rowsLeft = (aws: FakeAws): string[] =>
  [...aws.dynamodb.items()].map(({ pk }) => String(pk)).filter((pk) => !pk.startsWith('a2a#T#'));

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
    const steady = calls.slice(SETTLED, SETTLED + WINDOW);
    expect(mean(calls.slice(-WINDOW))).toBeLessThanOrEqual(mean(steady) + 1);
    expect(Math.max(...calls)).toBeLessThanOrEqual(MOST_CALLS);
    // The retired of the last ten minutes, and no lease, queue or subscription of any.
    const rows = rowsLeft(aws);
    expect(rows.filter((pk) => pk === 'a2a#instances')).toEqual([]);
    if (restMs > 0) expect(rows.length).toBeLessThanOrEqual(15);
    expect(aws.sqs.queues.size).toBe(0);
    expect(aws.sns.subscribedQueues()).toEqual([]);
  },
);
