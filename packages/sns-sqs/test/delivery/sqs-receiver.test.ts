import { flush, Gate, TestClock } from '@a2a-aws/testkit/fakes';
import { DeleteMessageBatchCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { COLLECT_MS, SqsReceiver } from '../../src/delivery/sqs-receiver.ts';
import { queueDefaults } from '../../src/queue/queue-definition.ts';
import { PolledQueue } from '../fixtures/polled-queue.ts';
import { awsFault, fixedEntropy, recordingLogger } from '../fixtures/stubs.ts';

const URL = 'https://sqs.eu-west-1.amazonaws.com/123456789012/a2a-one';
const TEN = Array.from({ length: 10 }, (_, index) => `message ${index}`);

let queue: PolledQueue;
let clock: TestClock;
let logger: ReturnType<typeof recordingLogger>;
let heard: string[];
let counters: { received: number; unreadable: number };
let receivers: SqsReceiver[];

const receiver = (
  onMessage: (message: string) => void = () => {},
  queueUrl: () => Promise<string> = async () => URL,
): SqsReceiver => {
  const made = new SqsReceiver({
    sqs: queue.deleting,
    polling: queue.polling,
    clock,
    entropy: fixedEntropy,
    logger,
    instance: 'one',
    concurrency: 3,
    queueUrl,
    onMessage: (body) => {
      onMessage(body);
      heard.push(body);
    },
    counters,
  });
  receivers.push(made);
  return made;
};

beforeEach(() => {
  heard = [];
  receivers = [];
  counters = { received: 0, unreadable: 0 };
  clock = new TestClock(0);
  logger = recordingLogger();
  queue = new PolledQueue();
});

afterEach(async () => {
  await Promise.all(receivers.map((each) => each.close()));
});

describe('polling', () => {
  test('requests ten messages, at first at once and then with long polls', async () => {
    const one = receiver();
    await flush();
    expect(one.healthy).toBe(false);
    expect(queue.pollingStub.commandCalls(ReceiveMessageCommand)[0]?.args[0].input).toEqual({
      QueueUrl: URL,
      MaxNumberOfMessages: 10,
      WaitTimeSeconds: 0,
    });
    await queue.poll(0).bring();
    expect(one.healthy).toBe(true);
    expect(queue.poll(1).waitSeconds).toBe(20);
    await queue.poll(1).bring('a');
    expect(queue.poll(2).waitSeconds).toBe(20);
    // The only timer is that of the receipt.
    expect(clock.nextMs).toBe(COLLECT_MS);
  });

  test('hands over every message before the next poll', async () => {
    receiver();
    await flush();
    await queue.poll(0).bring('a', 'b', 'c');
    expect(heard).toEqual(['a', 'b', 'c']);
    expect(counters).toEqual({ received: 3, unreadable: 0 });
    expect(queue.polls).toHaveLength(2);
  });

  test('makes one poll at a time while polls do not come back full', async () => {
    receiver();
    await flush();
    await flush();
    expect(queue.polls).toHaveLength(1);
    await queue.poll(0).bring(...TEN.slice(1));
    await queue.poll(1).bring('a');
    expect(queue.polls).toHaveLength(3);
  });

  test('makes as many at once as it may while they do, then one again', async () => {
    receiver();
    await flush();
    await queue.poll(0).bring(...TEN);
    // The helper looks, and looks again only as long as there is much.
    expect(queue.polls.map(({ waitSeconds }) => waitSeconds)).toEqual([0, 0, 20]);
    for (const index of [1, 2]) await queue.poll(index).bring(...TEN);
    const waits = queue.polls.slice(3).map(({ waitSeconds }) => waitSeconds);
    expect(waits.toSorted()).toEqual([0, 0, 20]);
    const isHelper = (at: number): boolean => queue.poll(at).waitSeconds === 0;
    for (const at of [3, 4, 5].filter(isHelper)) await queue.poll(at).bring('last');
    expect(queue.polls).toHaveLength(6);
    expect(heard).toHaveLength(32);
    for (const at of [3, 4, 5].filter((index) => !isHelper(index))) await queue.poll(at).bring('a');
    expect(queue.polls).toHaveLength(7);
  });

  test('has no more help once a helper failed or was cut short', async () => {
    const one = receiver();
    await flush();
    await queue.poll(0).bring(...TEN);
    await queue.poll(1).fail(awsFault('ServiceUnavailable', 503));
    expect(queue.polls).toHaveLength(3);
    await queue.poll(2).bring(...TEN);
    expect(queue.polls).toHaveLength(5);
    const closing = one.close();
    await closing;
    expect(queue.polls.every(({ signal }) => signal?.aborted)).toBe(true);
    await queue.poll(4).bring('late');
    expect(heard).toHaveLength(20);
  });
});

describe('deleting', () => {
  test('deletes handled messages in one batch', async () => {
    receiver();
    await flush();
    await queue.poll(0).bring('a', 'b');
    await clock.advance(COLLECT_MS);
    const [call] = queue.deletingStub.commandCalls(DeleteMessageBatchCommand);
    expect(call?.args[0].input).toEqual({
      QueueUrl: URL,
      Entries: [
        { Id: '0', ReceiptHandle: 'receipt-0' },
        { Id: '1', ReceiptHandle: 'receipt-1' },
      ],
    });
  });

  test('waits for ten receipts, over several polls', async () => {
    receiver();
    await flush();
    for (let index = 0; index < 5; index++) {
      expect(queue.deleted).toEqual([]);
      await queue.poll(index).bring('a', 'b');
    }
    expect(queue.deleted).toEqual([Array.from({ length: 10 }, (_, n) => `receipt-${n}`)]);
    expect(clock.nextMs).toBeUndefined();
  });

  test('waits half of the visibility timeout at most', async () => {
    expect(COLLECT_MS).toBe((queueDefaults.visibilityTimeoutSeconds * 1_000) / 2);
    receiver();
    await flush();
    await queue.poll(0).bring('a');
    await clock.advance(COLLECT_MS - 1);
    await queue.poll(1).bring('b');
    expect(queue.deleted).toEqual([]);
    await clock.advance(1);
    expect(queue.deleted).toEqual([['receipt-0', 'receipt-1']]);
  });

  test('[I7] a close deletes what waits', async () => {
    const one = receiver();
    await flush();
    await queue.poll(0).bring('a', 'b');
    await one.close();
    expect(queue.deleted).toEqual([['receipt-0', 'receipt-1']]);
    expect(clock.nextMs).toBeUndefined();
  });

  test('makes no call without receipts', async () => {
    receiver();
    await flush();
    await queue.poll(0).bring();
    expect(queue.deletingStub.calls()).toHaveLength(0);
  });

  test('does not keep the next poll waiting', async () => {
    queue.deletingStub.on(DeleteMessageBatchCommand).callsFake(() => new Gate<never>().opened);
    receiver();
    await flush();
    for (let index = 0; index < 12; index++) {
      await queue.poll(index).bring('a');
      await clock.advance(COLLECT_MS);
    }
    expect(queue.polls).toHaveLength(13);
    expect(queue.deletingStub.calls().length).toBeLessThanOrEqual(8);
    // Nothing will answer: closing would wait for it.
    receivers = [];
  });

  test('tries again the failed receipts only', async () => {
    queue.deletingStub
      .on(DeleteMessageBatchCommand)
      .resolvesOnce({
        Successful: [{ Id: '0' }],
        Failed: [{ Id: '1', Code: 'InternalError', SenderFault: false }],
      })
      .resolves({ Successful: [{ Id: '0' }] });
    receiver();
    await flush();
    await queue.poll(0).bring('a', 'b');
    await clock.advance(COLLECT_MS);
    expect(queue.deleted).toEqual([['receipt-0', 'receipt-1']]);
    await clock.advance(100);
    expect(queue.deleted).toEqual([['receipt-0', 'receipt-1'], ['receipt-1']]);
  });

  test('gives up after three tries: the message is received again', async () => {
    queue.deletingStub.on(DeleteMessageBatchCommand).rejects(awsFault('RequestThrottled'));
    receiver();
    await flush();
    await queue.poll(0).bring('a');
    for (let round = 0; round < 10; round++) await clock.advance(10_000);
    expect(queue.deleted).toHaveLength(3);
  });
});

describe('poison', () => {
  test('is not deleted but counted, and its text appears nowhere', async () => {
    receiver((body) => {
      if (body.startsWith('secret')) throw new Error(`cannot read ${body}`);
    });
    await flush();
    await queue.poll(0).bring('a', 'secret', 'b');
    expect(heard).toEqual(['a', 'b']);
    expect(counters).toEqual({ received: 2, unreadable: 1 });
    await clock.advance(COLLECT_MS);
    expect(queue.deleted).toEqual([['receipt-0', 'receipt-2']]);
    expect(logger.lines).toEqual([
      {
        level: 'warn',
        event: 'receiver.unreadable',
        fields: { instance: 'one', messageId: 'id-1' },
      },
    ]);
    expect(queue.polls).toHaveLength(2);
  });

  test('may also be a message without a body', async () => {
    receiver();
    await flush();
    await queue.poll(0).bring(undefined);
    expect(counters).toEqual({ received: 0, unreadable: 1 });
    expect(queue.deleted).toEqual([]);
  });
});

describe('failing', () => {
  test('backs off from 100 ms to 5 s, and logs it once', async () => {
    const one = receiver();
    await flush();
    const waits: (number | undefined)[] = [];
    for (let index = 0; index < 9; index++) {
      await queue.poll(index).fail(awsFault('ServiceUnavailable', 503));
      expect(one.healthy).toBe(false);
      waits.push(clock.nextMs);
      await clock.advance((clock.nextMs ?? 0) - 1);
      expect(queue.polls).toHaveLength(index + 1);
      await clock.advance(1);
      expect(queue.polls).toHaveLength(index + 2);
    }
    expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
    expect(logger.lines).toEqual([
      {
        level: 'warn',
        event: 'receiver.failed',
        fields: expect.objectContaining({ instance: 'one', code: 'unreachable' }),
      },
    ]);
  });

  test('ends with the next answer, which it requests at once', async () => {
    const one = receiver();
    await flush();
    await queue.poll(0).bring();
    await queue.poll(1).fail(awsFault('ServiceUnavailable', 503));
    await clock.advance(100);
    expect(queue.poll(2).waitSeconds).toBe(0);
    await queue.poll(2).bring('a');
    expect(one.healthy).toBe(true);
    expect(heard).toEqual(['a']);
    expect(logger.lines.map(({ event }) => event)).toEqual([
      'receiver.failed',
      'receiver.recovered',
    ]);
    await queue.poll(3).fail(awsFault('ServiceUnavailable', 503));
    expect(clock.nextMs).toBe(100);
  });

  test('to find the queue is a failed poll too', async () => {
    let asked = 0;
    receiver(undefined, async () => {
      if (asked++ === 0) throw awsFault('QueueDoesNotExist');
      return URL;
    });
    await flush();
    expect(queue.polls).toHaveLength(0);
    await clock.advance(100);
    await queue.poll(0).bring();
    await queue.poll(1).bring();
    expect(asked).toBe(2);
  });
});

describe('closing', () => {
  test('aborts the poll under way and starts no other', async () => {
    const one = receiver();
    await flush();
    expect(queue.poll(0).signal?.aborted).toBe(false);
    await one.close();
    expect(queue.poll(0).signal?.aborted).toBe(true);
    expect(one.healthy).toBe(false);
    await queue.poll(0).bring('late');
    expect(queue.polls).toHaveLength(1);
    expect(heard).toEqual([]);
    expect(queue.deleted).toEqual([]);
    expect(one.healthy).toBe(false);
  });

  test('is no failure, whatever the aborted poll throws', async () => {
    const one = receiver();
    await flush();
    const closing = one.close();
    await queue.poll(0).fail(awsFault('AbortError', 0));
    await closing;
    expect(logger.lines).toEqual([]);
  });

  test('waits until handled messages are deleted', async () => {
    const answer = new Gate<object>();
    queue.deletingStub.on(DeleteMessageBatchCommand).callsFake(() => answer.opened);
    const one = receiver();
    await flush();
    await queue.poll(0).bring('a');
    let closed = false;
    const closing = one.close().then(() => {
      closed = true;
    });
    await flush();
    expect(closed).toBe(false);
    answer.open({ Successful: [{ Id: '0' }] });
    await closing;
  });

  test('does not wait for another try', async () => {
    queue.deletingStub.on(DeleteMessageBatchCommand).rejects(awsFault('RequestThrottled'));
    const one = receiver();
    await flush();
    await queue.poll(0).bring('a');
    await one.close();
    expect(queue.deleted).toHaveLength(1);
    expect(clock.nextMs).toBeUndefined();
  });

  test('ends a back-off', async () => {
    const one = receiver();
    await flush();
    await queue.poll(0).fail(awsFault('ServiceUnavailable', 503));
    await one.close();
    expect(clock.nextMs).toBeUndefined();
    expect(queue.polls).toHaveLength(1);
  });

  test('may be called by the handler, and twice', async () => {
    const one = receiver(() => void one.close());
    await flush();
    await queue.poll(0).bring('a', 'b');
    await one.close();
    expect(heard).toEqual(['a', 'b']);
    expect(queue.deleted).toEqual([['receipt-0', 'receipt-1']]);
    expect(queue.polls).toHaveLength(1);
  });
});
