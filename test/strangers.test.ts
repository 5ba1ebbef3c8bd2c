import { type LogRecord, type Slot, systemEntropy, type TaskKey } from '@a2a-aws/core';
import {
  type Doorbell,
  encode,
  encodeDoorbell,
  FIRST_SLOT,
  newFleetKey,
  recordBody,
  sealer,
  slotAt,
} from '@a2a-aws/core/internal';
import { DynamoDBInstanceRegistry, DynamoDBLogStorage, documentClient } from '@a2a-aws/dynamodb';
import { startLocalAws } from '@a2a-aws/local';
import { TaskState } from '@a2a-js/sdk';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { GetQueueUrlCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { rotateDoorbellKey } from 'a2a-aws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, Gate } from './fixtures/eventually.ts';
import { Fleet } from './fixtures/fleet.ts';
import { get, send } from './fixtures/requests.ts';
import { StreamReader } from './fixtures/stream-reader.ts';

const timeout = 60_000;
/** The context of a client that is not authenticated. */
const OWNER = 'unknown';

/** A record that no instance has written: the task has ended. */
function forged(slot: Slot, taskId: string): LogRecord {
  const status = {
    state: TaskState.TASK_STATE_COMPLETED,
    message: undefined,
    timestamp: undefined,
  };
  const data = { taskId, contextId: 'c', status, metadata: undefined };
  const event = encode({ kind: 'event', event: { kind: 'statusUpdate', data } });
  return {
    id: 'forged-record-id',
    instance: 'stranger',
    time: Date.now(),
    slot,
    entries: [event.entry],
    body: recordBody([event]),
  };
}

describe.each(['sns', 'direct'] as const)('[I2] messages of any sender, over %s', (fanout) => {
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await Fleet.start(fanout === 'sns' ? {} : { fanout, topicArn: undefined });
  }, timeout);
  afterAll(() => fleet.stop(), timeout);

  test('can neither end a task, nor put anything into its log', { timeout }, async () => {
    const { region, credentials, dynamodb, sns: snsAt, sqs: sqsAt } = fleet.aws.clientConfig;
    const sns = new SNSClient({ region, credentials, ...snsAt });
    const sqs = new SQSClient({ region, credentials, ...sqsAt });
    const table = new DynamoDBClient({ region, credentials, ...dynamodb });
    const storage = new DynamoDBLogStorage({
      client: documentClient(table),
      tableName: fleet.aws.tableName,
      prefix: 'a2a',
    });
    const tell = async (target: string, text: string): Promise<void> => {
      if (fanout === 'sns') {
        const MessageAttributes = { target: { DataType: 'String', StringValue: target } };
        const input = { TopicArn: fleet.aws.topicArn, Message: text, MessageAttributes };
        await sns.send(new PublishCommand(input));
      } else {
        const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: `a2a-${target}` }));
        await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: text }));
      }
    };

    const gate = new Gate();
    const text = fleet.script(async (turn) => {
      turn.task();
      turn.chunks('out', 0, 5);
      await gate.opened;
      turn.chunks('out', 5, 10);
      turn.status('COMPLETED');
    });
    const sender = new StreamReader((await fleet.a.client()).sendMessageStream(send(text)));
    const id = await sender.taskId();
    const client = await fleet.b.client();
    const reader = new StreamReader(client.resubscribeTask(get(id)));
    await reader.until('five chunks', ({ artifacts }) => artifacts.out?.length === 5);

    const key: TaskKey = { tenant: '', owner: OWNER, taskId: id };
    const stored = async (): Promise<LogRecord[]> => {
      const records: LogRecord[] = [];
      for await (const record of storage.readRecords(key, FIRST_SLOT)) records.push(record);
      return records;
    };
    const last = (await stored()).at(-1);
    const events = last?.entries.filter(({ kind }) => kind === 'event').length ?? 0;
    const slot = slotAt((last?.slot.generation ?? 0) + events);
    const next = slotAt(slot.generation + 1);
    const seal = sealer({ fleet: fleet.aws.tableName, keys: [newFleetKey(systemEntropy)] });
    if (!seal) throw new Error('There is no key.');
    const bells: Doorbell[] = [
      { kind: 'record', key, next, record: forged(slot, id) },
      { kind: 'gone', instance: fleet.b.backend.stats().instance },
    ];
    for (const { backend } of [fleet.a, fleet.b]) {
      await eventually('a doorbell', () => backend.health().doorbell);
      const { instance, unauthenticated } = backend.stats();
      for (const bell of bells) await tell(instance, encodeDoorbell(bell, 1e5, seal));
      await eventually('the messages to arrive', () => {
        // SQS may deliver a message twice.
        return backend.stats().unauthenticated >= unauthenticated + bells.length;
      });
    }
    expect((await client.getTask(get(id))).status?.state).toBe(TaskState.TASK_STATE_WORKING);
    gate.open();
    await Promise.all([sender.end(), reader.end()]);
    expect(reader.picture).toEqual(sender.picture);
    expect(reader.picture?.artifacts.out).toHaveLength(10);
    const records = await stored();
    expect(records.map((record) => record.id)).not.toContain('forged-record-id');
    expect((await (await fleet.c.client()).getTask(get(id))).artifacts).toHaveLength(1);
    for (const one of [sns, sqs, table]) one.destroy();
  });
});

test('the key of the doorbells is replaced by one call, and can be again', {
  timeout,
}, async () => {
  const aws = await startLocalAws();
  const { dynamodb, region, credentials } = aws.clientConfig;
  const table = new DynamoDBClient({ region, credentials, ...dynamodb });
  const { tableName } = aws;
  const registry = new DynamoDBInstanceRegistry({
    client: documentClient(table),
    tableName,
    prefix: 'a2a',
  });
  const keys = async () => (await registry.doorbellKeys(() => newFleetKey(systemEntropy))).keys;
  const [first] = await keys();
  // No instance runs, so the round waits for none.
  const clock = { now: () => Date.now(), after: (_: number, then: () => void) => after(then) };
  for (const serial of [2, 3]) {
    await rotateDoorbellKey({ tableName, clientConfig: aws.clientConfig, clock });
    expect((await keys()).map((key) => key.serial)).toEqual([serial]);
  }
  expect((await keys()).map(({ id }) => id)).not.toContain(first?.id);
  table.destroy();
  await aws.stop();
});

/** At once, whatever the time; a virtual clock would not move during the calls. */
function after(then: () => void): () => void {
  const timer = setImmediate(then);
  return () => clearImmediate(timer);
}
