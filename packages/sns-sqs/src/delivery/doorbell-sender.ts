import {
  type Clock,
  type Entropy,
  isJoinable,
  joinMessages,
  type Logger,
  limiter,
  RetriedStep,
} from '@a2a-aws/core';
import type { EntryOutcome } from './batch-outcome.ts';
import { BatchSender } from './batch-sender.ts';
import { ByteBudget } from './byte-budget.ts';

/** All messages of one call together (Amazon SNS, "PublishBatch"; SQS takes more). */
const BATCH_BYTES = 256 * 1024;
/** The bytes that a message must leave free for its attribute: a target has 80 bytes at most. */
const ATTRIBUTE_MARGIN_BYTES = 1024;
/** Messages that may wait to be sent; beyond it they are dropped, the log has them. */
const BACKLOG_BYTES = 16 * 1024 * 1024;

/**
 * Calls under way over all ways. A client of the AWS SDK has 50 sockets: the others are left to
 * provisioning and cleaning up, which must not wait behind doorbells that AWS does not answer.
 */
const MAX_CALLS = 32;

/** A message and the instance that it is for. */
export interface Addressed {
  readonly target: string;
  readonly message: string;
}

export interface DoorbellSenderOptions {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  /** Bytes that an address adds to a message. */
  addressBytes(target: string): number;
  /** Returns the way by which `target` is reached, if there is one: a call takes messages of one way. */
  wayTo(target: string): string | undefined;
  /** Makes one call, with at most 10 messages. Rejects with a BackendError if it failed as a whole. */
  send(way: string, messages: readonly Addressed[]): Promise<readonly EntryOutcome[]>;
}

interface Doorbell extends Addressed {
  readonly bytes: number;
}

/**
 * Sends messages to instances, many in a call: what waits for one target goes as one message. Ways
 * do not wait for each other until 32 calls are under way. A failed message is tried again, then given up and counted.
 */
export class DoorbellSender {
  /** 255 KiB: what a call takes, less the room for the target. */
  readonly maxBytes: number = BATCH_BYTES - ATTRIBUTE_MARGIN_BYTES;
  readonly #options: DoorbellSenderOptions;
  readonly #backlog = new ByteBudget(BACKLOG_BYTES);
  /** Those that have something to send. */
  readonly #ways = new Map<string, BatchSender<Doorbell>>();
  readonly #retried: RetriedStep;
  readonly #limited = limiter(MAX_CALLS);
  #published = 0;
  #publishFailed = 0;

  constructor(options: DoorbellSenderOptions) {
    this.#options = options;
    this.#retried = new RetriedStep('fanout.publish-failed', options);
  }

  get stats(): { readonly published: number; readonly publishFailed: number } {
    return { published: this.#published, publishFailed: this.#publishFailed };
  }

  /** Resolves when every message was taken (true) or one was given up (false); never rejects. */
  async publish(targets: readonly string[], message: string): Promise<boolean> {
    const bytes = Buffer.byteLength(message);
    if (bytes > this.maxBytes) {
      this.#publishFailed += new Set(targets).size;
      this.#options.logger.warn('fanout.message-too-large', { bytes });
      return false;
    }
    const rung = await Promise.all(
      [...new Set(targets)].map((target) => this.#ring(target, message, bytes)),
    );
    return rung.every(Boolean);
  }

  async #ring(target: string, message: string, messageBytes: number): Promise<boolean> {
    const bytes = messageBytes + this.#options.addressBytes(target);
    const way = this.#options.wayTo(target);
    const isTaken = way !== undefined && (await this.#add(way, { target, message, bytes }));
    if (isTaken) this.#published++;
    else this.#publishFailed++;
    return isTaken;
  }

  async #add(way: string, doorbell: Doorbell): Promise<boolean> {
    const sender = this.#ways.get(way) ?? this.#open(way);
    const taken = await sender.add(doorbell);
    if (sender.isIdle && this.#ways.get(way) === sender) this.#ways.delete(way);
    return taken;
  }

  #open(way: string): BatchSender<Doorbell> {
    const { clock, entropy } = this.#options;
    const sender = new BatchSender<Doorbell>({
      clock,
      entropy,
      batchBytes: BATCH_BYTES,
      backlog: this.#backlog,
      bytes: ({ bytes }) => bytes,
      joinKey: ({ target, message }) => (isJoinable(message) ? target : undefined),
      send: (doorbells) => this.#send(way, doorbells),
    });
    this.#ways.set(way, sender);
    return sender;
  }

  async #send(way: string, doorbells: readonly Doorbell[]): Promise<readonly EntryOutcome[]> {
    const { messages, places } = joined(doorbells);
    try {
      const outcomes = await this.#limited(() => this.#options.send(way, messages));
      this.#retried.succeeded();
      return places.map((place) => outcomes[place] ?? 'failed');
    } catch (error) {
      this.#retried.failed(error);
      throw error;
    }
  }
}

/** As few messages as say the same, and which of them each doorbell is in. */
function joined(doorbells: readonly Addressed[]): { messages: Addressed[]; places: number[] } {
  const groups: { target: string; texts: string[] }[] = [];
  const joinable = new Map<string, number>();
  const places = doorbells.map(({ target, message }) => {
    const known = isJoinable(message) ? joinable.get(target) : undefined;
    if (known !== undefined) {
      groups[known]?.texts.push(message);
      return known;
    }
    if (isJoinable(message)) joinable.set(target, groups.length);
    return groups.push({ target, texts: [message] }) - 1;
  });
  const messages = groups.map(({ target, texts }) => {
    const [first = ''] = texts;
    return { target, message: texts.length > 1 ? joinMessages(texts) : first };
  });
  return { messages, places };
}
