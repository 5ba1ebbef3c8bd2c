import {
  DEFAULT_LEASE_SETTINGS,
  DEFAULT_RETENTION_MS,
  eventFromJson,
  Instance,
  MemoryInstanceRegistry,
  MemoryLogStorage,
  type Run,
  silentLogger,
  sleep,
  type TaskKey,
} from '@a2a-aws/core';
import {
  FakeAws,
  NO_FAULTS,
  randomFaults,
  SeededRandom,
  VirtualClock,
} from '@a2a-aws/testkit/fakes';
import { expect, test, vi } from 'vitest';
import { queueName } from '../src/index.ts';
import { SnsFanout } from '../src/sns-fanout.ts';
import { shardOf } from '../src/topic-shards.ts';

// Minutes of virtual time, with thousands of calls: a machine under load may take its time.
vi.setConfig({ testTimeout: 60_000 });

const clock = new VirtualClock();
const random = new SeededRandom(7);
const plan = randomFaults(random.fork(), () => NO_FAULTS);
// A new subscription hears at once: what is lost here is lost because the topics grow.
const aws = new FakeAws({ clock, faults: { ...plan, subscriptionLag: () => 0 } });
const storage = new MemoryLogStorage();
const registry = new MemoryInstanceRegistry();
const topics = ['0', '1', '2'].map((name) => aws.sns.createTopic(`events-${name}`));
let nonces = 0;

interface Member {
  readonly instance: Instance;
  readonly fanout: SnsFanout;
}

/** An instance that knows of so many topics, as one of an older or newer release would. */
async function start(topicCount: number): Promise<Member> {
  const entropy = { id: () => String(nonces++).padStart(16, '0'), random: () => random.next() };
  const fanout = new SnsFanout({
    ...aws.clients(),
    topicArn: topics.slice(0, topicCount),
    prefix: 'a2a',
    clock,
    entropy,
    logger: silentLogger,
  });
  await fanout.check();
  const living = (await registry.leases()).map((lease) => lease.instance);
  const id = fanout.instanceId('i', entropy.id(), living);
  const instance = new Instance(
    {
      id,
      queueName: queueName('a2a', id),
      storage,
      registry,
      fanout,
      clock,
      entropy,
      logger: silentLogger,
      settings: DEFAULT_LEASE_SETTINGS,
      retentionMs: DEFAULT_RETENTION_MS,
    },
    () => {},
  );
  await instance.start();
  return { instance, fanout };
}

const keyOf = (task: number): TaskKey => ({ tenant: '', owner: 'o', taskId: `task-${task}` });

/** Publishes `events` events of a task, 50 ms apart. */
async function write({ instance }: Member, key: TaskKey, events: number): Promise<Run> {
  const begun = await instance.begin(key, { contextId: 'context' });
  if ('refused' in begun) throw new Error(begun.refused);
  const { taskId } = key;
  const status = { state: 'TASK_STATE_WORKING' };
  const event = (n: number) =>
    n === 0
      ? eventFromJson({ task: { id: taskId, contextId: 'context', status } })
      : eventFromJson({
          artifactUpdate: {
            taskId,
            contextId: 'context',
            artifact: { artifactId: 'a', parts: [{ text: `${n}` }] },
            append: n > 1,
          },
        });
  for (let n = 0; n < events; n += 1) {
    void begun.run.publish(event(n));
    await sleep(clock, 50);
  }
  await begun.run.flush();
  return begun.run;
}

/** Reads a task from where it is to event number `last`: their numbers, counted from there. */
async function read({ instance }: Member, key: TaskKey, last: number): Promise<number[]> {
  const open = instance.feed.acquire(key);
  await open.watch.hold();
  await open.log.refresh();
  open.announce();
  const generations: number[] = [];
  const from = open.log.generation;
  const { tap, close } = open.tap();
  while (from + generations.length < last) {
    const step = await tap.next();
    for (const { generation } of step?.deliveries ?? []) generations.push(generation);
  }
  close();
  open.watch.release();
  instance.feed.release(open);
  return generations.map((generation) => generation - from);
}

test('[I3] topics that grow from one to three under load lose nothing', async () => {
  const EVENTS = 1_200;
  const work = async (): Promise<void> => {
    const old = [await start(1), await start(1), await start(1)];
    expect(old.map(({ instance }) => shardOf(instance.id))).toEqual([0, 0, 0]);
    const writes = [0, 1, 2].map((task) => write(old[task] as Member, keyOf(task), EVENTS));
    const reads: Promise<number[]>[] = [];
    const follow = async (members: readonly Member[]): Promise<void> => {
      for (const member of members) {
        for (const task of writes.keys()) reads.push(read(member, keyOf(task), EVENTS));
        await sleep(clock, 500);
      }
    };
    await sleep(clock, 1_000);
    await follow(old);
    // The deploy rolls: new ones come, on topics that the old ones do not know of.
    const fresh = [await start(3), await start(3), await start(3), await start(3)];
    expect(new Set(fresh.map(({ instance }) => shardOf(instance.id)))).toEqual(new Set([1, 2]));
    writes.push(write(fresh[0] as Member, keyOf(3), EVENTS));
    await follow([...fresh, ...old]);
    const runs = await Promise.all(writes);
    const whole = (await Promise.all(reads)).filter((generations) => generations.length > 0);
    expect(whole.length).toBeGreaterThanOrEqual(30);
    for (const generations of whole) {
      expect(generations).toEqual(generations.map((_, index) => index + 1));
    }
    // The old ones gave up what they could not send; among the new ones nothing was given up.
    expect(old.some(({ fanout }) => fanout.stats().publishFailed > 0)).toBe(true);
    for (const { fanout } of fresh) expect(fanout.stats().publishFailed).toBe(0);
    for (const { fanout } of fresh.slice(1)) expect(fanout.stats().received).toBeGreaterThan(100);
    const members = [...old, ...fresh];
    await Promise.all(runs.map((run) => run.end(true)));
    await Promise.all(members.map(({ instance }) => instance.stop(1_000)));
    expect(aws.sqs.queues.size).toBe(0);
    expect(aws.sns.subscribedQueues()).toEqual([]);
  };
  await clock.run(work(), 600_000);
});
