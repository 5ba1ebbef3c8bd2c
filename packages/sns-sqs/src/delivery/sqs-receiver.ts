import type { Clock, Entropy, FanoutReceiver, Logger } from '@a2a-aws/core';
import { backoff, elapsed, RetriedStep, sleep } from '@a2a-aws/core/internal';
import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { awsError, isQueueMissing } from '../aws-error.ts';
import { queueDefaults } from '../queue/queue-definition.ts';
import { type EntryOutcome, entryOutcomes } from './batch-outcome.ts';
import { BatchSender, MAX_BATCH_ENTRIES } from './batch-sender.ts';
import { ByteBudget } from './byte-budget.ts';
import { RETRY_RANGE } from './retry-range.ts';

/** The longest wait of a poll (Amazon SQS, "ReceiveMessage"). */
const LONG_POLL_SECONDS = 20;
/** How long a new queue may be unknown, in milliseconds: SQS needs a second (Amazon SQS, "CreateQueue"). */
const NEW_QUEUE_MS = 5_000;
/**
 * How long a receipt waits for others, in milliseconds. A delete that is late, or that a crash prevents,
 * only repeats messages, and half of the visibility timeout is left for it.
 */
export const COLLECT_MS: number = (queueDefaults.visibilityTimeoutSeconds * 1_000) / 2;
/** Bytes of receipts that may wait for deletion. Beyond it, messages are delivered again. */
const RECEIPT_BACKLOG_BYTES = 4 * 1024 * 1024;

export interface SqsReceiverOptions {
  /** The client that deletes handled messages. */
  readonly sqs: Pick<SQSClient, 'send'>;
  /** The client for long polls: each holds a socket for 20 seconds. */
  readonly polling: Pick<SQSClient, 'send'>;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  readonly instance: string;
  /** Polls at once while polls come back full; one otherwise. */
  readonly concurrency: number;
  /** Returns the queue's URL; called again if it failed. */
  queueUrl(): Promise<string>;
  onMessage(message: string): void;
  /** Counted up as messages come. */
  readonly counters: { received: number; unreadable: number };
}

/** Polls one queue from its creation until it is closed, with additional polls while it is full. */
export class SqsReceiver implements FanoutReceiver {
  readonly #options: SqsReceiverOptions;
  readonly #closing = new AbortController();
  readonly #deletes: BatchSender<string>;
  readonly #done: Promise<void>;
  readonly #helpers = new Set<Promise<void>>();
  readonly #retried: RetriedStep;
  #url: string | undefined;
  #healthy = false;
  #failures = 0;
  #lost = false;
  /** True once a poll has succeeded. */
  #wasHealthy = false;
  #missingSince: number | undefined;

  constructor(options: SqsReceiverOptions) {
    this.#options = options;
    this.#retried = new RetriedStep('receiver.failed', options);
    this.#deletes = new BatchSender<string>({
      clock: options.clock,
      entropy: options.entropy,
      batchBytes: Number.POSITIVE_INFINITY,
      collectMs: () => COLLECT_MS,
      backlog: new ByteBudget(RECEIPT_BACKLOG_BYTES),
      bytes: (receipt) => receipt.length,
      send: (receipts) => this.#delete(receipts),
    });
    this.#done = this.#run();
  }

  get healthy(): boolean {
    return this.#healthy;
  }

  get lost(): boolean {
    return this.#lost;
  }

  /**
   * Aborts the poll in progress. Messages that SQS hands to it afterwards are delivered again after the
   * visibility timeout, if the queue still exists. Resolves when all handled messages are deleted.
   */
  close(): Promise<void> {
    this.#closing.abort();
    return this.#done;
  }

  async #run(): Promise<void> {
    const { clock, entropy } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      // The first poll, and the first after a failure, return at once, so that it is known whether polling works.
      const taken = await this.#take(this.#healthy ? LONG_POLL_SECONDS : 0);
      if (taken === undefined) {
        await sleep(clock, backoff(this.#failures, entropy.random(), RETRY_RANGE), signal);
      } else if (taken === MAX_BATCH_ENTRIES) this.#getHelp();
    }
    this.#healthy = false;
    this.#retried.gaveUp();
    await Promise.all(this.#helpers);
    await this.#deletes.drain();
  }

  /** Adds a poll beside the others, until it returns less than a full batch. */
  #getHelp(): void {
    if (this.#helpers.size >= this.#options.concurrency - 1 || this.#closing.signal.aborted) return;
    const helper = this.#help().finally(() => this.#helpers.delete(helper));
    this.#helpers.add(helper);
  }

  async #help(): Promise<void> {
    while ((await this.#take(0)) === MAX_BATCH_ENTRIES) this.#getHelp();
  }

  /** Polls and hands over the messages. Resolves to their number, `undefined` if the poll failed or was cut short. */
  async #take(waitSeconds: number): Promise<number | undefined> {
    // Not every await in the SDK heeds the signal (back-off, credentials): close never waits for it.
    const messages = await unlessAborted(this.#closing.signal, this.#poll(waitSeconds));
    if (!messages) return undefined;
    this.#handle(messages);
    const { clock } = this.#options;
    // Lets readers of these messages run before the next poll.
    if (messages.length > 0) await sleep(clock, 0, this.#closing.signal);
    return messages.length;
  }

  /** Resolves to `undefined` if the poll failed; never rejects. */
  async #poll(waitSeconds: number): Promise<readonly Message[] | undefined> {
    const { polling, instance } = this.#options;
    const abortSignal = this.#closing.signal;
    try {
      this.#url ??= await this.#options.queueUrl();
      const input = {
        QueueUrl: this.#url,
        MaxNumberOfMessages: MAX_BATCH_ENTRIES,
        WaitTimeSeconds: waitSeconds,
      };
      const { Messages } = await polling.send(new ReceiveMessageCommand(input), { abortSignal });
      this.#retried.succeeded();
      this.#failures = 0;
      this.#missingSince = undefined;
      this.#wasHealthy = true;
      this.#healthy = !abortSignal.aborted;
      return Messages ?? [];
    } catch (error) {
      if (abortSignal.aborted) return undefined;
      this.#healthy = false;
      if (isQueueMissing(error)) this.#missed();
      this.#failures += 1;
      this.#retried.failed(awsError(error), { instance });
      return undefined;
    }
  }

  /** SQS does not know the queue. A queue read before is gone; a new one may take a moment to appear. */
  #missed(): void {
    const now = this.#options.clock.now();
    this.#missingSince ??= now;
    if (!this.#wasHealthy && elapsed(this.#missingSince, now) < NEW_QUEUE_MS) return;
    this.#lost = true;
    // No message will arrive, and the handled ones are gone as well.
    this.#closing.abort();
  }

  #handle(messages: readonly Message[]): void {
    const { onMessage, logger, instance, counters } = this.#options;
    for (const { Body, ReceiptHandle, MessageId } of messages) {
      try {
        if (Body === undefined) throw new TypeError('A message without a body.');
        onMessage(Body);
        counters.received += 1;
        if (ReceiptHandle) void this.#deletes.add(ReceiptHandle);
      } catch {
        counters.unreadable += 1;
        logger.warn('receiver.unreadable', { instance, messageId: MessageId });
      }
    }
  }

  async #delete(receipts: readonly string[]): Promise<readonly EntryOutcome[]> {
    const Entries = receipts.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }));
    try {
      const command = new DeleteMessageBatchCommand({ QueueUrl: this.#url, Entries });
      return entryOutcomes(receipts.length, await this.#options.sqs.send(command));
    } catch (error) {
      if (isQueueMissing(error)) return receipts.map(() => 'refused');
      throw awsError(error);
    }
  }
}

/** Resolves as `work` does, or to `undefined` once `signal` aborts. Leaves no listener on the signal. */
async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T | undefined> {
  let stop = (): void => {};
  // One promise for each call: a long-lived promise keeps everything that it was raced against.
  const aborted = new Promise<undefined>((resolve) => {
    stop = () => resolve(undefined);
  });
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
