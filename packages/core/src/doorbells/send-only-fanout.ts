import type {
  Fanout,
  FanoutAddress,
  FanoutReceiver,
  FanoutStats,
  TeardownProof,
} from '../ports/fanout.ts';

/**
 * The fan-out of an instance without an endpoint of its own. It sends doorbells to others, and removes
 * the endpoints of dead instances.
 */
export class SendOnlyFanout implements Fanout {
  readonly maxBytes: number;
  readonly delivers: boolean;
  readonly #inner: Fanout;
  readonly #unheard = new Set<string>();

  constructor(inner: Fanout) {
    this.#inner = inner;
    this.maxBytes = inner.maxBytes;
    this.delivers = inner.delivers;
  }

  check(): Promise<void> {
    return this.#inner.check();
  }

  instanceId(name: string, nonce: string, living: readonly string[]): string {
    return this.#inner.instanceId(name, nonce, living);
  }

  async provision(instance: string): Promise<undefined> {
    this.#unheard.add(instance);
  }

  async teardown(instance: string, address?: FanoutAddress, proof?: TeardownProof): Promise<void> {
    if (!this.#unheard.has(instance)) await this.#inner.teardown(instance, address, proof);
  }

  receive(): FanoutReceiver {
    return { healthy: true, close: async () => {} };
  }

  publish(targets: readonly string[], message: string, task?: string): Promise<boolean> {
    return this.#inner.publish(targets, message, task);
  }

  stats(): FanoutStats {
    return this.#inner.stats();
  }
}
