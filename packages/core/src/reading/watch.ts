import { SerialQueue } from '../concurrency.ts';
import { errorFields } from '../logging/error-fields.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { InstanceRegistry, WatchRow } from '../ports/instance-registry.ts';
import type { Logger } from '../ports/logger.ts';
import type { TaskKey } from '../task-key.ts';

export interface WatchDeps {
  readonly registry: InstanceRegistry;
  readonly instance: string;
  /** False if doorbells are not delivered: then no row is written. */
  readonly delivers: boolean;
  readonly entropy: Entropy;
  readonly logger: Logger;
}

/** The row "this instance has taps on that task". It exists while it has a holder; all share it. */
export class Watch {
  readonly #key: TaskKey;
  readonly #deps: WatchDeps;
  readonly #removed: (row: WatchRow) => void;
  #holders = 0;
  #row: WatchRow | undefined;
  /** The calls that write and remove the row. */
  readonly #calls = new SerialQueue();

  /** `removed` is called when the row was removed: writers need not send doorbells any more. */
  constructor(key: TaskKey, deps: WatchDeps, removed: (row: WatchRow) => void) {
    this.#key = key;
    this.#deps = deps;
    this.#removed = removed;
  }

  /** The row in the table; `undefined` while there is none. */
  get row(): WatchRow | undefined {
    return this.#row;
  }

  /** Resolves when the row is durable. Pair each success with one {@link release}. */
  async hold(): Promise<void> {
    this.#holders += 1;
    try {
      await this.#calls.run(() => this.#write());
    } catch (error) {
      this.#holders -= 1;
      throw error;
    }
  }

  /** Ends one hold. The last one removes the row in the background; its index row remains until the next sweep. */
  release(): void {
    this.#holders -= 1;
    if (this.#holders > 0) return;
    this.#calls
      .run(() => this.#remove())
      .catch((error: unknown) => {
        // The sweep of this instance's rows finds it by its index row.
        this.#deps.logger.warn('watch.remove-failed', errorFields(error));
      });
  }

  async #write(): Promise<void> {
    const { registry, instance, entropy, delivers } = this.#deps;
    if (!delivers || this.#row || this.#holders === 0) return;
    // A new id each time: a late write cannot bring a removed watch back.
    const row = { instance, watch: entropy.id(), key: this.#key };
    await registry.putWatch(row);
    this.#row = row;
  }

  async #remove(): Promise<void> {
    const row = this.#row;
    if (!row || this.#holders > 0) return;
    this.#row = undefined;
    await this.#deps.registry.removeWatch(row);
    this.#removed(row);
  }
}
