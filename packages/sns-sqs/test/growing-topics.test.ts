import { sleep } from '@a2a-aws/core/internal';
import { expect, test, vi } from 'vitest';
import { SnsFanout } from '../src/sns-fanout.ts';
import { shardOf } from '../src/topic/topic-shards.ts';
import { FakeFleet, keyOf, type Member } from './fixtures/fake-fleet.ts';

// Minutes of virtual time, with thousands of calls: a machine under load may take its time.
vi.setConfig({ testTimeout: 120_000 });

const EVENTS = 1_200;
const fleet = new FakeFleet();
const { clock, aws } = fleet;
const topics = ['0', '1', '2'].map((name) => aws.sns.createTopic(`events-${name}`));

/** An instance that knows of so many topics, as one of an older or newer release would. */
const start = (topicCount: number): Promise<Member<SnsFanout>> =>
  fleet.start((options) => new SnsFanout({ ...options, topicArn: topics.slice(0, topicCount) }));

async function grow(): Promise<void> {
  const old = [await start(1), await start(1), await start(1)];
  expect(old.map(({ instance }) => shardOf(instance.id))).toEqual([0, 0, 0]);
  const writes = old.map((member, task) => fleet.write(member, keyOf(task), EVENTS));
  const reads: Promise<number[]>[] = [];
  const follow = async (members: readonly Member<SnsFanout>[]): Promise<void> => {
    for (const member of members) {
      for (const task of writes.keys()) reads.push(fleet.read(member, keyOf(task), EVENTS));
      await sleep(clock, 500);
    }
  };
  await sleep(clock, 1_000);
  await follow(old);
  // The deploy rolls: new ones come, on topics that the old ones do not know of.
  const [writer, ...readers] = [await start(3), await start(3), await start(3), await start(3)];
  const fresh = [writer as Member<SnsFanout>, ...readers];
  expect(new Set(fresh.map(({ instance }) => shardOf(instance.id)))).toEqual(new Set([1, 2]));
  writes.push(fleet.write(writer as Member<SnsFanout>, keyOf(old.length), EVENTS));
  await follow([...fresh, ...old]);
  const runs = await Promise.all(writes);
  const whole = (await Promise.all(reads)).filter((generations) => generations.length > 0);
  expect(whole.length).toBeGreaterThanOrEqual(30);
  for (const generations of whole) {
    expect(generations).toEqual(generations.map((_, index) => index + 1));
  }
  // The old instances dropped doorbells that they could not send. The new ones dropped none.
  expect(old.some(({ fanout }) => fanout.stats().publishFailed > 0)).toBe(true);
  for (const { fanout } of fresh) expect(fanout.stats().publishFailed).toBe(0);
  for (const { fanout } of readers) expect(fanout.stats().received).toBeGreaterThan(100);
  await Promise.all(runs.map((run) => run.end(true)));
  await fleet.stop();
  expect(aws.sqs.queues.size).toBe(0);
  expect(aws.sns.subscribedQueues()).toEqual([]);
}

test('[I3] topics that grow from one to three under load lose no message', async () => {
  await clock.run(grow(), 600_000);
});
