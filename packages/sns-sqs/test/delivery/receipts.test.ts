import { FakeAws, flush, steady, TestClock } from '@a2a-aws/testkit/fakes';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SqsReceiver } from '../../src/delivery/sqs-receiver.ts';
import { queueDefaults } from '../../src/queue/queue-definition.ts';
import { fixedEntropy, recordingLogger } from '../fixtures/stubs.ts';

const VISIBILITY_MS = queueDefaults.visibilityTimeoutSeconds * 1_000;

let clock: TestClock;
let aws: FakeAws;
let heard: string[];
let receiver: SqsReceiver;
/** Until then, no delete reaches SQS; milliseconds. */
let failsUntilMs: number;

/** Receives from the queue, like the next life of a process. */
async function receive(): Promise<SqsReceiver> {
  const { sqs, polling } = aws.clients();
  const { QueueUrl = '' } = await sqs.send(
    new CreateQueueCommand({
      QueueName: 'one',
      Attributes: { VisibilityTimeout: String(queueDefaults.visibilityTimeoutSeconds) },
    }),
  );
  const made = new SqsReceiver({
    sqs,
    polling,
    clock,
    entropy: fixedEntropy,
    logger: recordingLogger(),
    instance: 'one',
    concurrency: 1,
    queueUrl: async () => QueueUrl,
    onMessage: (body) => heard.push(body),
    counters: { received: 0, unreadable: 0 },
  });
  await flush();
  return made;
}

function arrive(body: string): void {
  const queue = aws.sqs.queues.get('one');
  queue?.push(aws.sqs.messageId(), body);
}

const deletes = (): number => aws.meter.of('sqs', 'DeleteMessageBatch').calls;
const hidden = (): number => aws.sqs.queues.get('one')?.counts.hidden ?? 0;

beforeEach(async () => {
  clock = new TestClock();
  failsUntilMs = 0;
  const faults = steady();
  aws = new FakeAws({
    clock,
    faults: {
      ...faults,
      call: (call) =>
        call.operation === 'DeleteMessageBatch' && clock.now() < failsUntilMs
          ? { acts: [], answers: 0, fails: 'unavailable' }
          : faults.call(call),
    },
  });
  heard = [];
  receiver = await receive();
});

afterEach(() => receiver.close());

describe.each([
  { everyMs: 33, perDelete: 10 },
  { everyMs: 250, perDelete: 10 },
  { everyMs: 1_000, perDelete: 5 },
])('a message every $everyMs ms', ({ everyMs, perDelete }) => {
  test(`costs a delete for each ${perDelete} messages, and is received once`, async () => {
    const count = 60;
    for (let n = 0; n < count; n += 1) {
      arrive(`message ${n}`);
      await clock.advance(everyMs);
    }
    await receiver.close();
    expect(heard).toEqual(Array.from({ length: count }, (_, n) => `message ${n}`));
    expect(deletes()).toBeLessThanOrEqual(count / perDelete + 1);
    expect(aws.sqs.queues.get('one')?.counts).toEqual({ visible: 0, hidden: 0 });
  });
});

test('[I8] few messages are in flight: SQS allows 120,000', async () => {
  let most = 0;
  for (let n = 0; n < 1_000; n += 1) {
    arrive('message');
    await clock.advance(1);
    most = Math.max(most, hidden());
  }
  expect(most).toBeLessThanOrEqual(20);
});

test('a message whose delete fails for too long is received again, and then deleted', async () => {
  failsUntilMs = clock.now() + VISIBILITY_MS;
  arrive('message');
  await clock.advance(VISIBILITY_MS - 1);
  expect(heard).toEqual(['message']);
  // Its receiver knows the record by its slot, and ignores the message.
  await clock.advance(VISIBILITY_MS);
  expect(heard).toEqual(['message', 'message']);
  expect(aws.sqs.queues.get('one')?.counts).toEqual({ visible: 0, hidden: 0 });
});

test('a message that a crashed process has not deleted is received by its next life', async () => {
  arrive('message');
  await flush();
  expect(heard).toEqual(['message']);
  // As a crash, which makes no call any more.
  failsUntilMs = Number.POSITIVE_INFINITY;
  await receiver.close();
  failsUntilMs = 0;
  receiver = await receive();
  // The last poll of the crashed process may still take it once.
  await clock.advance(3 * VISIBILITY_MS);
  expect(heard).toEqual(['message', 'message']);
  expect(aws.sqs.queues.get('one')?.counts).toEqual({ visible: 0, hidden: 0 });
});
