import {
  GetSubscriptionAttributesCommand,
  ListSubscriptionsByTopicCommand,
  SNSClient,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import {
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ListQueueTagsCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { type AwsClientStub, mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, test } from 'vitest';
import { QueueSweep, type Suspects } from '../../src/queue/leaseless-queue-sweep.ts';
import { awsFault, recordingLogger } from '../fixtures/stubs.ts';

const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:events';
const SUBSCRIPTION = `${TOPIC}:0f0f`;
const NOW = 1_800_000_000_000;
const urlOf = (name: string): string => `https://sqs.eu-west-1.amazonaws.com/123456789012/${name}`;
const arnOf = (name: string): string => `arn:aws:sqs:eu-west-1:123456789012:${name}`;
const { signal } = new AbortController();

let sns: AwsClientStub<SNSClient>;
let sqs: AwsClientStub<SQSClient>;
let logger: ReturnType<typeof recordingLogger>;
/** Instances that have a lease row. */
let leases: Set<string>;
/** The calls so far, in order. */
let asked: string[];
/** Its pauses in milliseconds, and its removals, in order. */
let course: (number | string)[];
let now: number;
let random: number;

function sweep(): QueueSweep {
  return new QueueSweep({
    sns: new SNSClient({}),
    sqs: new SQSClient({}),
    topicArns: [TOPIC],
    prefix: 'a2a',
    table: 'table',
    logger,
    // Pauses take no time here, and are noted; a test clock would have to be advanced for each.
    clock: {
      now: () => now,
      after: (ms, callback) => {
        course.push(ms);
        const turn = setImmediate(callback);
        return () => clearImmediate(turn);
      },
    },
    entropy: { id: () => 'id', random: () => random },
    hasLease: async (instance) => {
      asked.push(`lease ${instance}`);
      return leases.has(instance);
    },
  });
}

/** Returns a queue of the fleet, by default old enough to be swept. */
function queue(
  instance: string,
  more: { tags?: object; ageMs?: number; name?: string } = {},
): void {
  const QueueUrl = urlOf(more.name ?? `a2a-${instance}`);
  const Tags = {
    'a2a-aws:instance': instance,
    'a2a-aws:prefix': 'a2a',
    'a2a-aws:topic': TOPIC,
    'a2a-aws:table': 'table',
    ...more.tags,
  };
  sqs.on(ListQueueTagsCommand, { QueueUrl }).callsFake(() => {
    asked.push(`tags ${instance}`);
    return { Tags };
  });
  const seconds = Math.floor((NOW - (more.ageMs ?? 3_600_000)) / 1_000);
  sqs
    .on(GetQueueAttributesCommand, { QueueUrl })
    .resolves({ Attributes: { CreatedTimestamp: String(seconds) } });
}

const listed = (...names: string[]): { QueueUrls: string[] } => ({ QueueUrls: names.map(urlOf) });

const subscribed = (...names: string[]) => ({
  Subscriptions: names.map((name) => ({ SubscriptionArn: SUBSCRIPTION, Endpoint: arnOf(name) })),
});

beforeEach(() => {
  sns = mockClient(SNSClient);
  sqs = mockClient(SQSClient);
  logger = recordingLogger();
  leases = new Set();
  asked = [];
  course = [];
  now = NOW;
  random = 0;
  sqs.on(ListQueuesCommand).resolves({});
  sqs.on(DeleteQueueCommand).resolves({});
  sqs.on(GetQueueUrlCommand).rejects(awsFault('QueueDoesNotExist', 400));
  sns.on(ListSubscriptionsByTopicCommand).resolves({});
  sns.on(UnsubscribeCommand).resolves({});
});

const deleted = (): unknown[] =>
  sqs.commandCalls(DeleteQueueCommand).map(({ args }) => args[0].input.QueueUrl);

async function swept(): Promise<unknown[]> {
  const one = sweep();
  await one.remove(await one.suspects(signal), signal);
  return deleted();
}

describe('the sweep of queues', () => {
  test('[I7] removes a queue without a lease row; the row is read after the queue was found', async () => {
    sqs.on(ListQueuesCommand).resolves(listed('a2a-lost'));
    queue('lost');
    expect(await swept()).toEqual([urlOf('a2a-lost')]);
    expect(asked).toEqual(['tags lost', 'lease lost', 'tags lost', 'lease lost']);
  });

  test('pages through all of them', async () => {
    sqs
      .on(ListQueuesCommand)
      .resolves(listed('a2a-two'))
      .on(ListQueuesCommand, { NextToken: undefined })
      .resolves({ ...listed('a2a-one'), NextToken: 'more' })
      .on(ListQueuesCommand, { NextToken: 'more' })
      .resolves(listed('a2a-two'));
    queue('one');
    queue('two');
    expect(await swept()).toEqual([urlOf('a2a-one'), urlOf('a2a-two')]);
  });

  test.each([
    ['has a lease, though it be dead', () => leases.add('x'), {}],
    ['is young', () => {}, { ageMs: 60_000 }],
    ['is of another prefix', () => {}, { tags: { 'a2a-aws:prefix': 'a2a-other' } }],
    ['hears another topic', () => {}, { tags: { 'a2a-aws:topic': `${TOPIC}-2` } }],
    ['has its lease in another table', () => {}, { tags: { 'a2a-aws:table': 'other' } }],
    ['says nothing of its table', () => {}, { tags: { 'a2a-aws:table': undefined } }],
    ['is called otherwise than its instance', () => {}, { name: 'a2a-y' }],
  ])('[I7] leaves alone one that %s', async (_, before, more) => {
    sqs.on(ListQueuesCommand).resolves(listed((more as { name?: string }).name ?? 'a2a-x'));
    before();
    queue('x', more);
    expect(await swept()).toEqual([]);
  });

  test('[I7] leaves a queue alone if its lease row appears between the phases', async () => {
    sqs.on(ListQueuesCommand).resolves(listed('a2a-x'));
    queue('x');
    const one = sweep();
    const suspects = await one.suspects(signal);
    expect(suspects.queues).toHaveLength(1);
    leases.add('x');
    expect(await one.remove(suspects, signal)).toEqual({ queues: 0, subscriptions: 0, failed: 0 });
    expect(deleted()).toEqual([]);
  });

  test('counts and logs a queue that cannot be checked, and continues', async () => {
    sqs.on(ListQueuesCommand).resolves(listed('a2a-x', 'a2a-lost'));
    sqs.on(ListQueueTagsCommand).rejects(awsFault('ThrottlingException', 400));
    queue('lost');
    const one = sweep();
    const suspects = await one.suspects(signal);
    expect(await one.remove(suspects, signal)).toEqual({ queues: 1, subscriptions: 0, failed: 1 });
    expect(JSON.stringify(logger)).toContain('sweep.failed');
  });

  test('does not count a queue that was removed already', async () => {
    sqs.on(ListQueuesCommand).resolves(listed('a2a-x'));
    sqs.on(ListQueueTagsCommand).rejects(awsFault('QueueDoesNotExist', 400));
    const one = sweep();
    const suspects = await one.suspects(signal);
    expect(await one.remove(suspects, signal)).toEqual({ queues: 0, subscriptions: 0, failed: 0 });
  });

  test('[I7] leaves time for the rest of the round, and begins elsewhere the next time', async () => {
    const names = ['a', 'b', 'c', 'd'];
    sqs.on(ListQueuesCommand).resolves(listed(...names.map((name) => `a2a-${name}`)));
    for (const name of names) queue(name);
    // Each call for a queue takes a minute.
    sqs.on(GetQueueAttributesCommand).callsFake(() => {
      now += 60_000;
      return { Attributes: { CreatedTimestamp: '0' } };
    });
    const { queues } = await sweep().suspects(signal);
    expect(queues).toEqual([urlOf('a2a-a')]);
    random = 0.5;
    expect((await sweep().suspects(signal)).queues).toEqual([urlOf('a2a-c')]);
  });

  test('[I7] continues with queues if subscriptions cannot be listed, and logs it', async () => {
    sns.on(ListSubscriptionsByTopicCommand).rejects(awsFault('AuthorizationError', 403));
    sqs.on(ListQueuesCommand).resolves(listed('a2a-lost'));
    queue('lost');
    const one = sweep();
    const suspects = await one.suspects(signal);
    expect(await one.remove(suspects, signal)).toEqual({ queues: 1, subscriptions: 0, failed: 1 });
    expect(JSON.stringify(logger)).toContain('sweep.failed');
  });

  test('[I7] does not stop the other work of the round if no list can be read', async () => {
    sns.on(ListSubscriptionsByTopicCommand).rejects(awsFault('InternalError', 500));
    sqs.on(ListQueuesCommand).rejects(awsFault('InternalError', 500));
    const one = sweep();
    const suspects = await one.suspects(signal);
    expect(suspects).toEqual({ queues: [], subscriptions: [] });
    expect(await one.remove(suspects, signal)).toMatchObject({ failed: 2 });
  });

  test('removes no faster than SNS and SQS take such calls', async () => {
    const names = ['a', 'b', 'c'];
    for (const name of names) queue(name);
    sqs.on(DeleteQueueCommand).callsFake(({ QueueUrl }) => void course.push(QueueUrl));
    await sweep().remove(
      { queues: names.map((n) => urlOf(`a2a-${n}`)), subscriptions: [] },
      signal,
    );
    expect(course).toEqual(names.flatMap((name) => [urlOf(`a2a-${name}`), 20]));
  });

  test('ends early when its time is over', async () => {
    const suspects: Suspects = { queues: [urlOf('a2a-lost')], subscriptions: [] };
    queue('lost');
    expect(await sweep().remove(suspects, AbortSignal.abort())).toMatchObject({ queues: 0 });
    expect(deleted()).toEqual([]);
  });
});

describe('the sweep of subscriptions', () => {
  const filtered = (...targets: string[]): void => {
    const FilterPolicy = JSON.stringify({ target: targets });
    sns.on(GetSubscriptionAttributesCommand).resolves({ Attributes: { FilterPolicy } });
  };
  const removed = async (): Promise<number> => {
    await swept();
    return sns.commandCalls(UnsubscribeCommand).length;
  };

  test('[I7] removes a subscription if its queue is gone and its instance has no lease row', async () => {
    sns.on(ListSubscriptionsByTopicCommand).resolves(subscribed('a2a-lost'));
    filtered('lost', 'table/lease/lost');
    expect(await removed()).toBe(1);
  });

  test('[I7] leaves a subscription alone if its instance has its lease in another table', async () => {
    sns.on(ListSubscriptionsByTopicCommand).resolves(subscribed('a2a-lost'));
    filtered('lost', 'other/lease/lost');
    expect(await removed()).toBe(0);
    filtered('lost');
    expect(await removed()).toBe(0);
  });

  test('[I7] leaves a subscription alone if its queue exists, its instance has a lease, or it belongs to another fleet', async () => {
    sns.on(ListSubscriptionsByTopicCommand).resolves(subscribed('a2a-x'));
    filtered('x', 'table/lease/x');
    leases.add('x');
    expect(await removed()).toBe(0);
    leases.clear();
    // The fleet `a2a-x` has an instance `1`.
    sns.on(ListSubscriptionsByTopicCommand).resolves(subscribed('a2a-x-1'));
    filtered('1', 'table/lease/1');
    expect(await removed()).toBe(0);
    filtered();
    expect(await removed()).toBe(0);
    sqs.on(GetQueueUrlCommand).resolves({ QueueUrl: urlOf('a2a-x') });
    sns.on(ListSubscriptionsByTopicCommand).resolves(subscribed('a2a-x'));
    filtered('x');
    expect(await removed()).toBe(0);
  });
});
