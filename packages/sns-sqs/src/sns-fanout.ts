import {
  BackendError,
  type Clock,
  type Entropy,
  errorCode,
  type Fanout,
  type FanoutAddress,
  type FanoutReceiver,
  type FanoutStats,
  type Logger,
} from '@a2a-aws/core';
import {
  GetTopicAttributesCommand,
  PublishBatchCommand,
  type SNSClient,
} from '@aws-sdk/client-sns';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { awsError } from './aws-error.ts';
import { type EntryOutcome, entryOutcomes } from './batch-outcome.ts';
import { BatchSender } from './batch-sender.ts';
import { QueueLifecycleManager } from './queue-lifecycle-manager.ts';
import { findQueueUrl } from './queue-url.ts';
import { SqsReceiver } from './sqs-receiver.ts';
import { parseTopicArn } from './topic-arn.ts';
import { queueName, TARGET_ATTRIBUTE } from './topic-definition.ts';

/** Bytes of one PublishBatch, attributes included (Amazon SNS, "PublishBatch"). */
const BATCH_BYTES = 256 * 1024;
/** What a message must leave free for its attribute: a target has 80 bytes at most. */
const ATTRIBUTE_MARGIN_BYTES = 1024;
/** Messages that may wait to be published; beyond it they are dropped, the log has them. */
const BACKLOG_BYTES = 16 * 1024 * 1024;

export interface SnsFanoutOptions {
  readonly sns: Pick<SNSClient, 'send'>;
  readonly sqs: Pick<SQSClient, 'send'>;
  /**
   * The client for long polls.
   * @default - `sqs` polls too, so its request time-out must be longer than 20 seconds
   */
  readonly polling?: Pick<SQSClient, 'send'>;
  /** A standard topic, shared by the fleet. */
  readonly topicArn: string;
  /** What the names of this fleet's queues begin with. */
  readonly prefix: string;
  /**
   * The fleet's dead-letter queue.
   * @default - an unreadable message is delivered again until it expires
   */
  readonly deadLetterArn?: string;
  /** See {@link QueueLifecycleManagerOptions.table}. */
  readonly table?: string;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
}

interface Doorbell {
  readonly target: string;
  readonly message: string;
  readonly bytes: number;
}

/** The doorbell over one SNS topic and one SQS queue per instance. */
export class SnsFanout implements Fanout {
  /** 255 KiB: what PublishBatch takes, less the room for the target. */
  readonly maxBytes: number = BATCH_BYTES - ATTRIBUTE_MARGIN_BYTES;
  readonly rings: boolean = true;
  readonly #options: SnsFanoutOptions;
  readonly #queues: QueueLifecycleManager;
  readonly #urls = new Map<string, string>();
  readonly #doorbells: BatchSender<Doorbell>;
  readonly #received = { received: 0, unreadable: 0 };
  #published = 0;
  #publishFailed = 0;
  #failing = false;

  constructor(options: SnsFanoutOptions) {
    this.#options = options;
    this.#queues = new QueueLifecycleManager(options);
    this.#doorbells = new BatchSender<Doorbell>({
      clock: options.clock,
      entropy: options.entropy,
      batchBytes: BATCH_BYTES,
      backlogBytes: BACKLOG_BYTES,
      bytes: (doorbell) => doorbell.bytes,
      send: (doorbells) => this.#send(doorbells),
    });
  }

  /**
   * Asks for the topic's attributes (Amazon SNS, "GetTopicAttributes").
   *
   * @throws BackendError `topic-not-found`, `topic-mismatch` (no topic ARN, or a FIFO topic),
   * `access-denied`, `unreachable`.
   */
  async check(): Promise<void> {
    parseTopicArn(this.#options.topicArn);
    const { FifoTopic } = await this.#topicAttributes();
    if (FifoTopic === 'true') {
      throw new BackendError(
        'topic-mismatch',
        'The topic is a FIFO topic; a standard one is needed.',
      );
    }
  }

  async provision(instance: string): Promise<FanoutAddress> {
    const made = await this.#queues.provision(instance);
    this.#urls.set(instance, made.queueUrl);
    return {
      queueName: made.queueName,
      queueUrl: made.queueUrl,
      subscriptionArn: made.subscriptionArn,
    };
  }

  async teardown(instance: string, address?: Partial<FanoutAddress>): Promise<void> {
    await this.#queues.teardown(instance, address);
    this.#urls.delete(instance);
  }

  receive(instance: string, onMessage: (message: string) => void): FanoutReceiver {
    const { sqs, polling = sqs, clock, entropy, logger } = this.#options;
    return new SqsReceiver({
      sqs,
      polling,
      clock,
      entropy,
      logger,
      instance,
      queueUrl: () => this.#queueUrl(instance),
      onMessage,
      counters: this.#received,
    });
  }

  async publish(targets: readonly string[], message: string): Promise<void> {
    const bytes = Buffer.byteLength(message);
    if (bytes > this.maxBytes) {
      this.#publishFailed += new Set(targets).size;
      this.#options.logger.warn('fanout.message_too_large', { bytes });
      return;
    }
    await Promise.all([...new Set(targets)].map((target) => this.#ring(target, message, bytes)));
  }

  stats(): FanoutStats {
    return {
      published: this.#published,
      publishFailed: this.#publishFailed,
      ...this.#received,
    };
  }

  async #ring(target: string, message: string, messageBytes: number): Promise<void> {
    const attribute = `${TARGET_ATTRIBUTE}String${target}`;
    const bytes = messageBytes + Buffer.byteLength(attribute);
    if (await this.#doorbells.add({ target, message, bytes })) this.#published++;
    else this.#publishFailed++;
  }

  async #send(doorbells: readonly Doorbell[]): Promise<readonly EntryOutcome[]> {
    const { sns, topicArn, logger } = this.#options;
    const entries = doorbells.map(({ target, message }, index) => ({
      Id: String(index),
      Message: message,
      MessageAttributes: { [TARGET_ATTRIBUTE]: { DataType: 'String', StringValue: target } },
    }));
    try {
      const command = new PublishBatchCommand({
        TopicArn: topicArn,
        PublishBatchRequestEntries: entries,
      });
      const outcomes = entryOutcomes(entries.length, await sns.send(command));
      if (this.#failing) logger.info('fanout.recovered');
      this.#failing = false;
      return outcomes;
    } catch (error) {
      const fault = awsError(error);
      // Once per outage: a busy server publishes hundreds of times a second.
      if (!this.#failing) logger.warn('fanout.publish_failed', { code: errorCode(fault) });
      this.#failing = true;
      throw fault;
    }
  }

  async #topicAttributes(): Promise<Record<string, string>> {
    const { sns, topicArn } = this.#options;
    try {
      const answer = await sns.send(new GetTopicAttributesCommand({ TopicArn: topicArn }));
      return answer.Attributes ?? {};
    } catch (error) {
      throw awsError(error);
    }
  }

  async #queueUrl(instance: string): Promise<string> {
    const { sqs, prefix } = this.#options;
    const url = this.#urls.get(instance) ?? (await findQueueUrl(sqs, queueName(prefix, instance)));
    if (url) return url;
    throw new BackendError('configuration', 'This instance has no queue: provision it first.');
  }
}
