import type { Clock } from '@a2a-aws/core';

/** A message as it waits in a queue. Times in milliseconds of the clock. */
export interface QueuedMessage {
  readonly id: string;
  readonly body: string;
  readonly sentAt: number;
  /** Receipt handle of the last receive. */
  receipt: string | undefined;
  receives: number;
  /** Hidden until then. */
  hiddenUntil: number;
}

/** The settings that a queue was made with; all of them are compared when it is made again. */
export interface QueueMaking {
  readonly attributes: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
}

const DEFAULT_VISIBILITY_S = 30;
const DEFAULT_RETENTION_S = 345_600;

/**
 * One standard queue. It delivers at least once, and a receive hides its messages for the
 * visibility timeout.
 */
export class FakeQueue {
  readonly name: string;
  readonly url: string;
  readonly arn: string;
  readonly making: QueueMaking;
  /** Milliseconds of the clock. */
  readonly createdAt: number;
  readonly #clock: Clock;
  readonly #deadLetters: (arn: string, message: QueuedMessage) => void;
  #messages: QueuedMessage[] = [];
  readonly #waiting = new Set<() => void>();
  #receipts = 0;
  #deleted = false;

  constructor(
    name: string,
    making: QueueMaking,
    at: { readonly url: string; readonly arn: string },
    clock: Clock,
    deadLetters: (arn: string, message: QueuedMessage) => void,
  ) {
    this.name = name;
    this.url = at.url;
    this.arn = at.arn;
    this.making = making;
    this.createdAt = clock.now();
    this.#clock = clock;
    this.#deadLetters = deadLetters;
  }

  /** Messages that a receive would find now, and those that are hidden. */
  get counts(): { readonly visible: number; readonly hidden: number } {
    const now = this.#clock.now();
    const hidden = this.#messages.filter(({ hiddenUntil }) => hiddenUntil > now).length;
    return { visible: this.#messages.length - hidden, hidden };
  }

  push(id: string, body: string): void {
    const sentAt = this.#clock.now();
    this.#messages.push({ id, body, sentAt, receipt: undefined, receives: 0, hiddenUntil: 0 });
    this.#wake();
  }

  /**
   * Returns up to `most` messages: at once if there are any, else as soon as there are; an empty list
   * after `waitMs`. The messages are hidden even if the caller does not wait for the answer any more.
   */
  async receive(most: number, waitMs: number, visibilityMs?: number): Promise<QueuedMessage[]> {
    const until = this.#clock.now() + waitMs;
    for (;;) {
      const taken = this.#take(most, visibilityMs ?? this.#seconds('VisibilityTimeout'));
      const left = until - this.#clock.now();
      if (taken.length > 0 || left <= 0 || this.#deleted) return taken;
      await this.#change(left);
    }
  }

  /** False if the handle was never given out here; a message that is gone already is no fault. */
  remove(receipt: string): boolean {
    const [name, number] = receipt.split('/');
    if (name !== this.name || !(Number(number) < this.#receipts)) return false;
    this.#messages = this.#messages.filter((message) => message.receipt !== receipt);
    return true;
  }

  /** Receives under way end with nothing. */
  delete(): void {
    this.#deleted = true;
    this.#messages = [];
    this.#wake();
  }

  #take(most: number, visibilityMs: number): QueuedMessage[] {
    const now = this.#clock.now();
    const taken: QueuedMessage[] = [];
    const kept: QueuedMessage[] = [];
    const oldest = now - this.#seconds('MessageRetentionPeriod');
    for (const message of this.#messages) {
      if (message.sentAt < oldest) continue;
      kept.push(message);
      if (taken.length === most || message.hiddenUntil > now) continue;
      if (this.#isPoison(message)) {
        kept.pop();
        continue;
      }
      message.receives += 1;
      message.hiddenUntil = now + visibilityMs;
      message.receipt = `${this.name}/${this.#receipts++}`;
      taken.push(message);
    }
    this.#messages = kept;
    return taken;
  }

  /** Moves messages that were received too often to the dead-letter queue. */
  #isPoison(message: QueuedMessage): boolean {
    const { RedrivePolicy } = this.making.attributes;
    if (!RedrivePolicy) return false;
    const { deadLetterTargetArn, maxReceiveCount } = JSON.parse(RedrivePolicy) as {
      deadLetterTargetArn: string;
      maxReceiveCount: number;
    };
    if (message.receives < maxReceiveCount) return false;
    this.#deadLetters(deadLetterTargetArn, message);
    return true;
  }

  /** Resolves when there may be something to take, or after `ms`. */
  #change(ms: number): Promise<void> {
    const now = this.#clock.now();
    const next = this.#messages.reduce(
      (soonest, { hiddenUntil }) => Math.min(soonest, Math.max(hiddenUntil - now, 1)),
      ms,
    );
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.#waiting.delete(done);
        resolve();
      };
      const cancel = this.#clock.after(next, done);
      this.#waiting.add(done);
    });
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done();
  }

  #seconds(name: 'VisibilityTimeout' | 'MessageRetentionPeriod'): number {
    const fallback = name === 'VisibilityTimeout' ? DEFAULT_VISIBILITY_S : DEFAULT_RETENTION_S;
    return 1_000 * Number(this.making.attributes[name] ?? fallback);
  }
}
