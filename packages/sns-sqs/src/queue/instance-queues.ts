import {
  BackendError,
  type Clock,
  type Entropy,
  type FanoutAddress,
  type FanoutReceiver,
  type Logger,
  type TeardownProof,
} from '@a2a-aws/core';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { SqsReceiver } from '../delivery/sqs-receiver.ts';
import { queueName } from './queue-definition.ts';
import type {
  QueueLifecycleManager,
  QueueLifecycleManagerOptions,
  QueueProvisionResult,
} from './queue-lifecycle-manager.ts';
import { findQueueUrl } from './queue-url.ts';

/** Options of every fan-out over SQS. */
export interface InstanceQueuesOptions {
  readonly sqs: Pick<SQSClient, 'send'>;
  /**
   * The client for long polls.
   * @default `sqs` polls too, so its request time-out must be longer than 20 seconds
   */
  readonly polling?: Pick<SQSClient, 'send'>;
  /** The beginning of this fleet's queue names. */
  readonly prefix: string;
  /**
   * The fleet's dead-letter queue.
   * @default an unreadable message is delivered again until it expires
   */
  readonly deadLetterArn?: string;
  /** See {@link QueueLifecycleManagerOptions.table}. */
  readonly table?: NonNullable<QueueLifecycleManagerOptions['table']>;
  /**
   * The number of concurrent polls while polls return full batches; an idle queue has one poll.
   * @default 4
   */
  readonly concurrency?: number;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
}

/**
 * Returns the manager of an instance's queue, which is at `address` if known. Throws if there is no
 * manager.
 */
type ManagerOf = (instance: string, address?: FanoutAddress) => QueueLifecycleManager;

/** Creates, reads and removes the queues of instances. */
export class InstanceQueues {
  readonly #options: InstanceQueuesOptions;
  readonly #managerOf: ManagerOf;
  readonly #urls = new Map<string, string>();
  readonly #received = { received: 0, unreadable: 0 };

  constructor(options: InstanceQueuesOptions, managerOf: ManagerOf) {
    this.#options = options;
    this.#managerOf = managerOf;
  }

  get stats(): { readonly received: number; readonly unreadable: number } {
    return { ...this.#received };
  }

  /** The URL of any queue that was created here; `undefined` if there is none. */
  get anyUrl(): string | undefined {
    return this.#urls.values().next().value;
  }

  /** Returns the URL of an instance's queue if it was created here, otherwise `undefined`. */
  urlOf(instance: string): string | undefined {
    return this.#urls.get(instance);
  }

  async provision(instance: string, name?: string): Promise<QueueProvisionResult> {
    const made = await this.#managerOf(instance).provision(instance, name);
    this.#urls.set(instance, made.queueUrl);
    return made;
  }

  confirm(instance: string, address: FanoutAddress): Promise<boolean> {
    return this.#managerOf(instance).confirm(instance, address);
  }

  async teardown(instance: string, address?: FanoutAddress, proof?: TeardownProof): Promise<void> {
    await this.#managerOf(instance, address).teardown(instance, address, proof);
    const url = this.#urls.get(instance);
    if (!address?.queueName || url?.endsWith(`/${address.queueName}`)) this.#urls.delete(instance);
  }

  receive(instance: string, onMessage: (message: string) => void): FanoutReceiver {
    const { sqs, polling = sqs, concurrency = 4, clock, entropy, logger } = this.#options;
    return new SqsReceiver({
      sqs,
      polling,
      clock,
      entropy,
      logger,
      instance,
      concurrency,
      queueUrl: () => this.#url(instance),
      onMessage,
      counters: this.#received,
    });
  }

  async #url(instance: string): Promise<string> {
    const { sqs, prefix } = this.#options;
    const url = this.#urls.get(instance) ?? (await findQueueUrl(sqs, queueName(prefix, instance)));
    if (url) return url;
    throw new BackendError('configuration', 'This instance has no queue: provision it first.');
  }
}
