import type { Clock, Entropy, Logger } from '@a2a-aws/core';
import { elapsed, isJoinable, joinMessages, RetriedStep, Semaphore } from '@a2a-aws/core/internal';
import type { EntryOutcome } from './batch-outcome.ts';
import { BatchSender } from './batch-sender.ts';
import { ByteBudget } from './byte-budget.ts';
import { CallDemand } from './call-demand.ts';
import { collectTime } from './collect-time.ts';

/** All messages of one call together (Amazon SNS, "PublishBatch"; SQS takes more). */
const BATCH_BYTES = 256 * 1024;
/** The bytes that a message must leave free for its attribute: a target has 80 bytes at most. */
const ATTRIBUTE_MARGIN_BYTES = 1024;
/** Bytes of messages that may wait to be sent. Beyond it messages are dropped: the log has their events. */
const BACKLOG_BYTES = 16 * 1024 * 1024;

/** The shortest time between two looks for silent routes, in milliseconds. */
const FORGET_MS = 1_000;

/**
 * Calls in progress over all routes. A client of the AWS SDK has 50 sockets: the others are left to
 * provisioning and cleaning up, which must not wait behind doorbells that AWS does not answer.
 */
const MAX_CALLS = 32;

/** A message and the instance that receives it. */
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
  /** Returns the route to `target`, such as a topic, if there is one. One call takes messages of one route. */
  routeTo(target: string): string | undefined;
  /** Makes one call, with at most 10 messages. Rejects with a BackendError if it failed as a whole. */
  send(route: string, messages: readonly Addressed[]): Promise<readonly EntryOutcome[]>;
}

interface Route {
  readonly sender: BatchSender<SizedMessage>;
  readonly demand: CallDemand;
}

interface SizedMessage extends Addressed {
  readonly bytes: number;
}

/**
 * Sends messages to instances, many in a call. Messages that wait for one target go as one message. The
 * more tasks have messages on a route, the longer is the time between two calls.
 * Routes do not wait for each other until 32 calls are in progress. A failed message is tried again, then
 * dropped and counted.
 */
export class DoorbellSender {
  /** 255 KiB: the limit of a call, without the room for the target. */
  readonly maxBytes: number = BATCH_BYTES - ATTRIBUTE_MARGIN_BYTES;
  readonly #options: DoorbellSenderOptions;
  readonly #backlog = new ByteBudget(BACKLOG_BYTES);
  /** The routes that have messages to send, or had some in the last second. */
  readonly #routes = new Map<string, Route>();
  readonly #retried: RetriedStep;
  readonly #calls = new Semaphore(MAX_CALLS);
  /** When the silent routes were forgotten last, in milliseconds. */
  #forgotAtMs = Number.NEGATIVE_INFINITY;
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
  async publish(targets: readonly string[], message: string, task?: string): Promise<boolean> {
    const bytes = Buffer.byteLength(message);
    if (bytes > this.maxBytes) {
      this.#publishFailed += new Set(targets).size;
      this.#options.logger.warn('fanout.message-too-large', { bytes });
      return false;
    }
    const sent = await Promise.all(
      [...new Set(targets)].map((target) => this.#sendOne({ target, message }, bytes, task)),
    );
    return sent.every(Boolean);
  }

  async #sendOne(addressed: Addressed, messageBytes: number, task?: string): Promise<boolean> {
    const { target } = addressed;
    const bytes = messageBytes + this.#options.addressBytes(target);
    const route = this.#options.routeTo(target);
    const isTaken = route !== undefined && (await this.#add(route, { ...addressed, bytes }, task));
    if (isTaken) this.#published++;
    else this.#publishFailed++;
    return isTaken;
  }

  async #add(route: string, message: SizedMessage, task?: string): Promise<boolean> {
    const { sender, demand } = this.#routes.get(route) ?? this.#open(route);
    demand.count(this.#options.clock.now(), task);
    return sender.add(message);
  }

  #open(name: string): Route {
    this.#forgetSilent();
    const { clock, entropy } = this.#options;
    const demand = new CallDemand();
    let lastCallMs = Number.NEGATIVE_INFINITY;
    const sender = new BatchSender<SizedMessage>({
      clock,
      entropy,
      batchBytes: BATCH_BYTES,
      collectMs: () => {
        const now = clock.now();
        return Math.max(0, collectTime(demand.perSecond(now)) - elapsed(lastCallMs, now));
      },
      backlog: this.#backlog,
      bytes: ({ bytes }) => bytes,
      joinKey: ({ target, message }) => (isJoinable(message) ? target : undefined),
      send: (doorbells) => {
        lastCallMs = clock.now();
        return this.#send(name, doorbells);
      },
    });
    const route = { sender, demand };
    this.#routes.set(name, route);
    return route;
  }

  /** Targets come and go, and with them their routes. Many of them may be opened at once. */
  #forgetSilent(): void {
    const now = this.#options.clock.now();
    if (elapsed(this.#forgotAtMs, now) < FORGET_MS) return;
    this.#forgotAtMs = now;
    for (const [name, { sender, demand }] of this.#routes) {
      if (sender.isIdle && demand.perSecond(now) === 0) this.#routes.delete(name);
    }
  }

  async #send(route: string, doorbells: readonly SizedMessage[]): Promise<readonly EntryOutcome[]> {
    const { messages, places } = joined(doorbells);
    try {
      const outcomes = await this.#calls.run(() => this.#options.send(route, messages));
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
