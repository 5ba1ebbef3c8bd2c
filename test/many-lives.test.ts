import { silentLogger } from '@a2a-aws/core';
import { tableDefinition } from '@a2a-aws/dynamodb';
import { FakeAws, steady, VirtualClock } from '@a2a-aws/testkit/fakes';
import { ServerCallContext } from '@a2a-js/sdk/server';
import { createBackend } from 'a2a-aws';
import { expect, test } from 'vitest';
import { agentCard } from './fixtures/agent-card.ts';
import { send } from './fixtures/requests.ts';
import { ScriptedAgent, Scripts } from './fixtures/scripted-agent.ts';

const timeout = 120_000;
const LIVES = 200;
/** Lives whose calls are compared. */
const WINDOW = 50;
/** By then those that come once a minute look after those that retired ten minutes before. */
const SETTLED = 30;
/** About a third of them are its task's. */
const MOST_CALLS = 60;

/** Lives, each with a task, of a process that is frozen in between; the calls of each. */
async function live(
  lives: number,
  lastsMs: number,
  restMs: number,
): Promise<{ calls: number[]; aws: FakeAws }> {
  const clock = new VirtualClock();
  const aws = new FakeAws({ clock, faults: steady(), tables: [tableDefinition('lives')] });
  const backend = createBackend({
    tableName: 'lives',
    topicArn: aws.sns.createTopic('lives'),
    clients: aws.clients(),
    logger: silentLogger,
    clock,
  });
  const scripts = new Scripts();
  const handler = backend.requestHandler(
    agentCard('http://127.0.0.1'),
    new ScriptedAgent('a', scripts),
  );
  const text = scripts.add((turn) => turn.task('COMPLETED'));
  const calls: number[] = [];
  await clock.run(backend.start());
  for (let life = 0; life < lives; life += 1) {
    if (life > 0) await clock.run(backend.resume());
    const context = new ServerCallContext({ requestedVersion: '1.0' });
    await clock.run(handler.sendMessage(send(text), context));
    await clock.advance(lastsMs);
    await clock.run(backend.suspend());
    calls.push(aws.meter.total().calls);
    aws.meter.reset();
    await clock.advance(restMs);
  }
  return { calls, aws };
}

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
    const { calls, aws } = await live(LIVES, lastsMs, restMs);
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
