import { BackendError } from '../errors.ts';
import type { Fanout, FanoutAddress, FanoutReceiver, FanoutStats } from '../ports/fanout.ts';

/** One instance's queue. */
export interface MemoryQueue {
  readonly name: string;
  deliver: ((message: string) => void) | undefined;
  /** False if messages to the instance do not reach its queue. */
  subscribed: boolean;
}

/**
 * The queues by instance, in the memory of this process, shared by the fan-outs of several
 * instances.
 */
export type MemoryQueues = Map<string, MemoryQueue>;

/**
 * A {@link Fanout} in the memory of this process, for tests. Delivers in a microtask, in order,
 * once.
 */
export class MemoryFanout implements Fanout {
  readonly maxBytes: number = 200 * 1024;
  readonly delivers: boolean = true;
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

  async provision(instance: string, name: string = instance): Promise<FanoutAddress> {
    const queue = this.#queues.get(instance);
    if (queue?.name === name) queue.subscribed = true;
    else this.#queues.set(instance, { name, deliver: undefined, subscribed: true });
    return { queueName: name, queueUrl: name, subscriptionArn: name };
  }

  async confirm(instance: string): Promise<boolean> {
    return this.#queues.get(instance)?.subscribed ?? true;
  }

  async teardown(instance: string, address: FanoutAddress = {}): Promise<void> {
    const { queueName = instance, former = [] } = address;
    const names = [queueName, ...former.map((one) => one.queueName)];
    const queue = this.#queues.get(instance);
    if (queue && names.includes(queue.name)) this.#queues.delete(instance);
  }

  receive(instance: string, onMessage: (message: string) => void): FanoutReceiver {
    const queue = this.#queues.get(instance);
    if (!queue) throw new BackendError('not-started', 'The queue was not provisioned.');
    queue.deliver = (message) => {
      this.#received += 1;
      try {
        onMessage(message);
      } catch {
        this.#unreadable += 1;
      }
    };
    const isLost = (): boolean => this.#queues.get(instance) !== queue;
    return {
      get healthy() {
        return !isLost();
      },
      get lost() {
        return isLost();
      },
      close: async () => {
        queue.deliver = undefined;
      },
    };
  }

  async publish(targets: readonly string[], message: string): Promise<boolean> {
    await Promise.resolve();
    let taken = true;
    for (const target of targets) {
      const queue = this.#queues.get(target);
      if (queue?.deliver) {
        this.#published += 1;
        if (queue.subscribed) queue.deliver(message);
      } else {
        this.#failed += 1;
        taken = false;
      }
    }
    return taken;
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
