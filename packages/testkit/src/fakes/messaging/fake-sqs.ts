import {
  CreateQueueCommand,
  type CreateQueueCommandInput,
  DeleteMessageBatchCommand,
  type DeleteMessageBatchCommandInput,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  type GetQueueAttributesCommandOutput,
  GetQueueUrlCommand,
  ListQueuesCommand,
  type ListQueuesCommandInput,
  type ListQueuesCommandOutput,
  ListQueueTagsCommand,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  type ReceiveMessageCommandOutput,
  SendMessageBatchCommand,
  type SendMessageBatchCommandInput,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { type ActContext, type Commands, command, commandsClient } from '../commands-client.ts';
import { FakeServiceError } from '../service-fault.ts';
import type { Wire } from '../wire.ts';
import { type BatchAnswer, batchAnswer, billedRequests } from './batch.ts';
import { FakeQueue, type QueueMaking } from './fake-queue.ts';

export const FAKE_REGION = 'us-east-1';
export const FAKE_ACCOUNT = '000000000000';

/** The name of a deleted queue is blocked for so long (Amazon SQS, "DeleteQueue"). */
const BLOCKED_MS = 60_000;
/** Bytes of a message, and of a batch of them (Amazon SQS, "Quotas"). */
const MAX_BYTES = 1024 * 1024;
const PAGE = 1_000;
const OK = { $metadata: {} } as const;

/** The removal of a queue, or of its subscription. */
export interface FakeRemoval {
  readonly caller: string;
  /** The queue's name. */
  readonly queue: string;
}

/** Called at every removal. */
export type OnRemoval = (removal: FakeRemoval) => void;

/** SQS in this process, at the client's `send`: standard queues in one account and region. */
export class FakeSqs {
  readonly #wire: Wire;
  readonly #commands: Commands;
  readonly #queues = new Map<string, FakeQueue>();
  readonly #blocked = new Map<string, number>();
  #messages = 0;

  constructor(wire: Wire, onRemoval: OnRemoval = () => {}) {
    this.#wire = wire;
    this.#commands = new Map([
      command(CreateQueueCommand, 'CreateQueue', true, (input) => this.#create(input)),
      command(DeleteQueueCommand, 'DeleteQueue', true, (input, { caller }) => {
        const { name } = this.#at(input.QueueUrl);
        this.lose(name);
        onRemoval({ caller, queue: name });
        return OK;
      }),
      command(GetQueueUrlCommand, 'GetQueueUrl', false, (input) => this.#urlOf(input.QueueName)),
      command(GetQueueAttributesCommand, 'GetQueueAttributes', false, (input) =>
        this.#attributes(input.QueueUrl),
      ),
      command(ListQueuesCommand, 'ListQueues', false, (input) => this.#list(input)),
      command(ListQueueTagsCommand, 'ListQueueTags', false, (input) => ({
        ...OK,
        Tags: { ...this.#at(input.QueueUrl).making.tags },
      })),
      command(ReceiveMessageCommand, 'ReceiveMessage', true, (input) => this.#receive(input)),
      command(SendMessageBatchCommand, 'SendMessageBatch', true, (input, context) =>
        this.#sendBatch(input, context),
      ),
      command(DeleteMessageBatchCommand, 'DeleteMessageBatch', true, (input, context) =>
        this.#deleteBatch(input, context),
      ),
    ]);
  }

  /** A client of this service; fault plans know it by the caller's name. */
  client(caller = ''): Pick<SQSClient, 'send'> {
    return commandsClient(this.#wire, 'sqs', caller, this.#commands);
  }

  /** The queues that there are, by name, past all faults. */
  get queues(): ReadonlyMap<string, FakeQueue> {
    return this.#queues;
  }

  /** Deletes a queue as a stranger would, past all faults; its name is blocked as ever. */
  lose(name: string): void {
    const queue = this.#queues.get(name);
    if (!queue) return;
    queue.delete();
    this.#queues.delete(name);
    this.#blocked.set(name, this.#wire.clock.now() + BLOCKED_MS);
  }

  /** Delivers a message from SNS to a queue; the message is lost if there is none. */
  deliver(queueArn: string, body: string): void {
    const queue = [...this.#queues.values()].find(({ arn }) => arn === queueArn);
    queue?.push(this.messageId(), body);
  }

  messageId(): string {
    return `message-${this.#messages++}`;
  }

  #create({ QueueName = '', Attributes = {}, tags = {} }: CreateQueueCommandInput): unknown {
    if (!/^[\w-]{1,80}$/.test(QueueName)) throw fault('InvalidParameterValue');
    const making: QueueMaking = { attributes: { ...Attributes }, tags: { ...tags } };
    const found = this.#queues.get(QueueName);
    if (found) {
      if (!isSame(found.making, making)) throw fault('QueueNameExists');
      return { ...OK, QueueUrl: found.url };
    }
    if (this.#wire.clock.now() < (this.#blocked.get(QueueName) ?? 0)) {
      throw fault('QueueDeletedRecently');
    }
    const at = {
      url: `https://sqs.${FAKE_REGION}.amazonaws.com/${FAKE_ACCOUNT}/${QueueName}`,
      arn: `arn:aws:sqs:${FAKE_REGION}:${FAKE_ACCOUNT}:${QueueName}`,
    };
    const queue = new FakeQueue(QueueName, making, at, this.#wire.clock, (arn, message) =>
      this.deliver(arn, message.body),
    );
    this.#queues.set(QueueName, queue);
    return { ...OK, QueueUrl: queue.url };
  }

  #urlOf(name: string | undefined): unknown {
    const queue = this.#queues.get(name ?? '');
    if (!queue) throw fault('QueueDoesNotExist');
    return { ...OK, QueueUrl: queue.url };
  }

  #attributes(url: string | undefined): GetQueueAttributesCommandOutput {
    const queue = this.#at(url);
    const { visible, hidden } = queue.counts;
    return {
      ...OK,
      Attributes: {
        ...queue.making.attributes,
        QueueArn: queue.arn,
        CreatedTimestamp: String(Math.floor(queue.createdAt / 1_000)),
        ApproximateNumberOfMessages: String(visible),
        ApproximateNumberOfMessagesNotVisible: String(hidden),
      },
    };
  }

  #list(input: ListQueuesCommandInput): ListQueuesCommandOutput {
    const { QueueNamePrefix = '', MaxResults = PAGE, NextToken = '0' } = input;
    const all = [...this.#queues.values()].filter(({ name }) => name.startsWith(QueueNamePrefix));
    const end = Number(NextToken) + MaxResults;
    const QueueUrls = all.slice(Number(NextToken), end).map(({ url }) => url);
    return { ...OK, QueueUrls, ...(end < all.length ? { NextToken: String(end) } : {}) };
  }

  async #receive(input: ReceiveMessageCommandInput): Promise<ReceiveMessageCommandOutput> {
    const { MaxNumberOfMessages = 1, WaitTimeSeconds = 0, VisibilityTimeout } = input;
    if (MaxNumberOfMessages < 1 || MaxNumberOfMessages > 10 || WaitTimeSeconds > 20) {
      throw fault('InvalidParameterValue');
    }
    const messages = await this.#at(input.QueueUrl).receive(
      MaxNumberOfMessages,
      WaitTimeSeconds * 1_000,
      VisibilityTimeout === undefined ? undefined : VisibilityTimeout * 1_000,
    );
    const bytesOut = messages.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0);
    this.#spent('ReceiveMessage', 0, bytesOut);
    // As the real client: no list at all when there is nothing.
    if (messages.length === 0) return OK;
    return {
      ...OK,
      Messages: messages.map(({ id, body, receipt }) => ({
        MessageId: id,
        Body: body,
        ReceiptHandle: receipt,
      })),
    };
  }

  #sendBatch(
    { QueueUrl, Entries }: SendMessageBatchCommandInput,
    { failedEntries }: ActContext,
  ): BatchAnswer<{ Id: string; MessageId: string }> {
    const queue = this.#at(QueueUrl);
    const bytes = (Entries ?? []).reduce(
      (sum, { MessageBody = '' }) => sum + Buffer.byteLength(MessageBody),
      0,
    );
    if (bytes > MAX_BYTES) throw fault('BatchRequestTooLong');
    this.#spent('SendMessageBatch', bytes, 0);
    return batchAnswer(Entries, this.#fails(failedEntries), ({ MessageBody }, Id) => {
      if (!MessageBody) throw fault('InvalidMessageContents');
      const MessageId = this.messageId();
      queue.push(MessageId, MessageBody);
      return { Id, MessageId };
    });
  }

  #deleteBatch(
    { QueueUrl, Entries }: DeleteMessageBatchCommandInput,
    { failedEntries }: ActContext,
  ): BatchAnswer<{ Id: string }> {
    const queue = this.#at(QueueUrl);
    this.#spent('DeleteMessageBatch', 0, 0);
    return batchAnswer(Entries, this.#fails(failedEntries), ({ ReceiptHandle = '' }, Id) => {
      if (!queue.remove(ReceiptHandle)) throw fault('ReceiptHandleIsInvalid');
      return { Id };
    });
  }

  #fails(share: number): () => boolean {
    return () => share > 0 && this.#wire.faults.entryFails(share);
  }

  #at(url: string | undefined): FakeQueue {
    const queue = this.#queues.get(url?.split('/').at(-1) ?? '');
    if (!queue) throw fault('QueueDoesNotExist');
    return queue;
  }

  #spent(operation: string, bytesIn: number, bytesOut: number): void {
    const billed = billedRequests(Math.max(bytesIn, bytesOut));
    this.#wire.meter.spent('sqs', operation, { bytesIn, bytesOut, billedRequests: billed });
  }
}

function isSame(a: QueueMaking, b: QueueMaking): boolean {
  const text = ({ attributes }: QueueMaking): string =>
    JSON.stringify(Object.entries(attributes).sort());
  return text(a) === text(b);
}

function fault(name: string): FakeServiceError {
  return new FakeServiceError(name, 'The request is not valid.', 400);
}
