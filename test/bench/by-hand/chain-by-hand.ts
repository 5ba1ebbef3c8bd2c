import { randomUUID } from 'node:crypto';
import { StreamResponse } from '@a2a-js/sdk';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { PublishCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { chunk, chunkText } from '../agent/payload.ts';
import { stampAge, stampedText } from '../agent/stamped-text.ts';

const { A2A_TABLE_NAME, A2A_TOPIC_ARN } = process.env;
const TARGET = 'by-hand';
const TASK = 'by-hand';

/** Puts one event, then publishes it, using only clients of the AWS SDK. */
export class HandPublisher {
  readonly #dynamodb = new DynamoDBClient({});
  readonly #sns = new SNSClient({});
  #generation = 0;

  async publish(): Promise<void> {
    this.#generation += 1;
    const value = chunk(TASK, TASK, stampedText(), true);
    const event = StreamResponse.toJSON({ payload: { $case: 'artifactUpdate', value } });
    const record = { id: randomUUID(), by: TARGET, at: Date.now(), body: JSON.stringify([event]) };
    await this.#dynamodb.send(
      new PutItemCommand({
        TableName: A2A_TABLE_NAME,
        Item: {
          pk: { S: TASK },
          sk: { S: `event#${String(this.#generation).padStart(12, '0')}` },
          v: { N: '1' },
          id: { S: record.id },
          by: { S: record.by },
          at: { N: String(record.at) },
          e: { S: record.body },
        },
        ConditionExpression: 'attribute_not_exists(sk)',
      }),
    );
    await this.#sns.send(
      new PublishCommand({
        TopicArn: A2A_TOPIC_ARN,
        Message: JSON.stringify({ v: 1, kind: 'record', record }),
        MessageAttributes: { target: { DataType: 'String', StringValue: TARGET } },
      }),
    );
  }
}

/**
 * A queue on the same topic that is polled in a loop. It reports the age of each event that it
 * receives.
 */
export class HandReceiver {
  readonly #sqs: SQSClient;
  readonly #queueUrl: string;
  readonly #stopping = new AbortController();
  readonly #stopped: Promise<void>;

  private constructor(sqs: SQSClient, queueUrl: string, onAge: (age: number) => void) {
    this.#sqs = sqs;
    this.#queueUrl = queueUrl;
    this.#stopped = this.#poll(onAge);
  }

  static async start(onAge: (age: number) => void): Promise<HandReceiver> {
    const sqs = new SQSClient({ useQueueUrlAsEndpoint: false });
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: TARGET }));
    if (!QueueUrl) throw new Error('CreateQueue gave no URL.');
    const { Attributes: { QueueArn } = {} } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
    );
    await new SNSClient({}).send(
      new SubscribeCommand({
        TopicArn: A2A_TOPIC_ARN,
        Protocol: 'sqs',
        Endpoint: QueueArn,
        Attributes: {
          RawMessageDelivery: 'true',
          FilterPolicy: JSON.stringify({ target: [TARGET] }),
        },
      }),
    );
    return new HandReceiver(sqs, QueueUrl, onAge);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#stopped;
  }

  async #poll(onAge: (age: number) => void): Promise<void> {
    const abortSignal = this.#stopping.signal;
    while (!abortSignal.aborted) {
      const command = new ReceiveMessageCommand({
        QueueUrl: this.#queueUrl,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 20,
      });
      const { Messages = [] } = await this.#sqs
        .send(command, { abortSignal })
        .catch((error: unknown): { readonly Messages?: Message[] } => {
          if (abortSignal.aborted) return {};
          throw error;
        });
      for (const { Body = '' } of Messages) onAge(bodyAge(Body));
      // Does not wait, as in the backend, so that the next poll starts at once.
      void this.#delete(Messages);
    }
  }

  async #delete(messages: readonly Message[]): Promise<void> {
    if (messages.length === 0) return;
    await this.#sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl: this.#queueUrl,
        Entries: messages.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle })),
      }),
    );
  }
}

function bodyAge(body: string): number {
  const { record } = JSON.parse(body) as { record: { body: string } };
  const [event] = JSON.parse(record.body) as unknown[];
  const { payload } = StreamResponse.fromJSON(event);
  const text = payload?.$case === 'artifactUpdate' ? chunkText(payload.value) : undefined;
  return stampAge(text ?? '');
}
