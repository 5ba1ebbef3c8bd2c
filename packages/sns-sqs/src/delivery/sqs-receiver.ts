import {
  type Clock,
  type Entropy,
  elapsed,
  type FanoutReceiver,
  type Logger,
  RetriedStep,
  sleep,
} from '@a2a-aws/core';
import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { awsError, isQueueMissing } from '../aws-error.ts';
import { type EntryOutcome, entryOutcomes } from './batch-outcome.ts';
import { BatchSender, MAX_BATCH_ENTRIES } from './batch-sender.ts';
import { ByteBudget } from './byte-budget.ts';
import { retryDelay } from './retry-delay.ts';

/** The longest that SQS lets a poll wait (Amazon SQS, "ReceiveMessage"). */
const LONG_POLL_SECONDS = 20;
/** A new queue may be unknown for so long: SQS needs a second (Amazon SQS, "CreateQueue"). */
const NEW_QUEUE_MS = 5_000;
/** Receipts of handled messages that may wait for deletion; beyond it a message comes again. */
const RECEIPT_BACKLOG_BYTES = 4 * 1024 * 1024;

export interface SqsReceiverOptions {
  /** Deletes what was handled. */
  readonly sqs: Pick<SQSClient, 'send'>;
  /** Long polls: each holds a socket for 20 seconds. */
  readonly polling: Pick<SQSClient, 'send'>;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  readonly instance: string;
  /** Polls at once while polls come back full; one otherwise. */
  readonly concurrency: number;
  /** Where the queue is; asked again after it failed. */
  queueUrl(): Promise<string>;
  onMessage(message: string): void;
  /** Counted up as messages come. */
  readonly counters: { received: number; unreadable: number };
}

/** Polls one queue from the moment it is made until it is closed; with helpers while it is full. */
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
  /** A queue has been read. */
  #wasHealthy = false;
  #missingSince: number | undefined;

  constructor(options: SqsReceiverOptions) {
    this.#options = options;
    this.#retried = new RetriedStep('receiver.failed', options);
    this.#deletes = new BatchSender<string>({
      clock: options.clock,
      entropy: options.entropy,
      batchBytes: Number.POSITIVE_INFINITY,
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
   * Aborts the poll under way: what SQS gives to it after this comes again after the visibility
   * timeout, if the queue still exists then. Resolves when what was handled has been deleted.
   */
  close(): Promise<void> {
    this.#closing.abort();
    return this.#done;
  }

  async #run(): Promise<void> {
    const { clock, entropy } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      // The first look, and the first after a failure, tell at once whether polling works.
      const taken = await this.#take(this.#healthy ? LONG_POLL_SECONDS : 0);
      if (taken === undefined) {
        await sleep(clock, retryDelay(this.#failures, entropy.random()), signal);
      } else if (taken === MAX_BATCH_ENTRIES) this.#getHelp();
    }
    this.#healthy = false;
    this.#retried.gaveUp();
    await Promise.all(this.#helpers);
    await this.#deletes.drain();
  }

  /** One more polls beside the others, until it finds less than a poll can bring. */
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
    // Readers of these messages go first, then the work of asking for more.
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
      this.#failures++;
      this.#retried.failed(awsError(error), { instance });
      return undefined;
    }
  }

  /** SQS said that there is no such queue: true at once of one that was read, later of a new one. */
  #missed(): void {
    const now = this.#options.clock.now();
    this.#missingSince ??= now;
    if (!this.#wasHealthy && elapsed(this.#missingSince, now) < NEW_QUEUE_MS) return;
    this.#lost = true;
    // Nothing will come, and what was handled is gone as well.
    this.#closing.abort();
  }

  #handle(messages: readonly Message[]): void {
    const { onMessage, logger, instance, counters } = this.#options;
    for (const { Body, ReceiptHandle, MessageId } of messages) {
      try {
        if (Body === undefined) throw new TypeError('A message without a body.');
        onMessage(Body);
        counters.received++;
        if (ReceiptHandle) void this.#deletes.add(ReceiptHandle);
      } catch {
        counters.unreadable++;
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
