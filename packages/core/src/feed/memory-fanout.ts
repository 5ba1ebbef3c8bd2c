import { BackendError } from '../errors.ts';
import type { Fanout, FanoutAddress, FanoutReceiver, FanoutStats } from './fanout.ts';

/** A network of queues in this process' memory, shared by the fan-outs of several instances. */
export type MemoryQueues = Map<string, ((message: string) => void) | undefined>;

/** A {@link Fanout} in this process' memory: for tests. Delivers in a microtask, in order, once. */
export class MemoryFanout implements Fanout {
  readonly maxBytes: number = 200 * 1024;
  readonly rings: boolean = true;
  readonly #queues: MemoryQueues;
  #published = 0;
  #failed = 0;
  #received = 0;
  #unreadable = 0;

  constructor(queues: MemoryQueues) {
    this.#queues = queues;
  }

  async check(): Promise<void> {}

  instanceId(name: string, nonce: string): string {
    return `${name}-${nonce}`;
  }

  async provision(instance: string): Promise<FanoutAddress> {
    if (!this.#queues.has(instance)) this.#queues.set(instance, undefined);
    return { queueName: instance, queueUrl: instance, subscriptionArn: instance };
  }

  async teardown(instance: string): Promise<void> {
    this.#queues.delete(instance);
  }

  receive(instance: string, onMessage: (message: string) => void): FanoutReceiver {
    if (!this.#queues.has(instance)) {
      throw new BackendError('not-started', 'The queue was not provisioned.');
    }
    this.#queues.set(instance, (message) => {
      this.#received += 1;
      try {
        onMessage(message);
      } catch {
        this.#unreadable += 1;
      }
    });
    return {
      healthy: true,
      close: async () => {
        if (this.#queues.has(instance)) this.#queues.set(instance, undefined);
      },
    };
  }

  async publish(targets: readonly string[], message: string): Promise<void> {
    await Promise.resolve();
    for (const target of targets) {
      const deliver = this.#queues.get(target);
      if (deliver) {
        this.#published += 1;
        deliver(message);
      } else {
        this.#failed += 1;
      }
    }
  }

  stats(): FanoutStats {
    return {
      published: this.#published,
      publishFailed: this.#failed,
      received: this.#received,
      unreadable: this.#unreadable,
    };
  }
}
