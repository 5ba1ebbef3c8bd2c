import type { Fanout, FanoutAddress, FanoutReceiver } from '@a2a-aws/core';
import type { FanoutPart, FanoutUnderTest } from './fanout-under-test.ts';

/** The messages that one receiver got. */
export interface Inbox {
  readonly messages: string[];
  readonly receiver: FanoutReceiver;
  /** Resolves once `message` has arrived. */
  received(message: string): Promise<void>;
}

/** Names of instances are never used twice, not even by two rigs. */
let count = 0;

/** A fan-out with its instances and receivers. */
export class FanoutRig {
  readonly subject: FanoutUnderTest;
  readonly #receivers: FanoutReceiver[] = [];

  constructor(subject: FanoutUnderTest) {
    this.subject = subject;
  }

  get fanout(): Fanout {
    return this.subject.fanout;
  }

  /** Returns the name of an instance that does not exist yet. */
  fresh(): string {
    count += 1;
    return `instance-${count}`;
  }

  /** Receives the messages of an instance until the rig is disposed. */
  listen(instance: string, onMessage?: (message: string) => void): Inbox {
    const messages: string[] = [];
    const waiting = new Map<string, () => void>();
    const receiver = this.fanout.receive(instance, (message) => {
      onMessage?.(message);
      messages.push(message);
      waiting.get(message)?.();
    });
    this.#receivers.push(receiver);
    const received = (message: string): Promise<void> =>
      messages.includes(message)
        ? Promise.resolve()
        : new Promise((resolve) => waiting.set(message, resolve));
    return { messages, receiver, received };
  }

  /** Provisions an endpoint. Rejects if the fan-out makes none. */
  async provisioned(instance: string, queue?: string): Promise<FanoutAddress> {
    const address = await this.fanout.provision(instance, queue);
    if (!address) throw new Error('The fan-out provisioned no endpoint.');
    return address;
  }

  /** Deletes a part of an instance's endpoint. */
  async lose(part: FanoutPart, instance: string, address: FanoutAddress): Promise<void> {
    if (!this.subject.lose) throw new Error('A fan-out that `loses` parts needs `lose`.');
    await this.subject.lose(part, instance, address);
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#receivers.map((receiver) => receiver.close()));
    await this.subject.dispose();
  }
}
