import { errorFields } from '../logging/error-fields.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { InstanceRegistry, WatchRow } from '../ports/instance-registry.ts';
import type { Logger } from '../ports/logger.ts';
import type { TaskKey } from '../task-key.ts';

export interface WatchDeps {
  readonly registry: InstanceRegistry;
  readonly instance: string;
  /** False: nobody could ring anyway, so there is nothing to be told. */
  readonly delivers: boolean;
  readonly entropy: Entropy;
  readonly logger: Logger;
  /** Called when a row was removed: writers need not ring any more. */
  readonly removed: (row: WatchRow) => void;
}

/** "This instance has taps on that task", while somebody holds it: one row for all holders. */
export class Watch {
  readonly #key: TaskKey;
  readonly #deps: WatchDeps;
  #holders = 0;
  #row: WatchRow | undefined;
  #step: Promise<void> = Promise.resolve();

  constructor(key: TaskKey, deps: WatchDeps) {
    this.#key = key;
    this.#deps = deps;
  }

  /** The watch row that is written, or being written. */
  get row(): WatchRow | undefined {
    return this.#row;
  }

  /** Resolves when the row is durable; each success is to be paired with one {@link release}. */
  async hold(): Promise<void> {
    this.#holders += 1;
    const step = this.#then(() => this.#write());
    try {
      await step;
    } catch (error) {
      this.#holders -= 1;
      throw error;
    }
  }

  /** The last holder's release removes the watch, in the background; its index row stays a sweep. */
  release(): void {
    this.#holders -= 1;
    if (this.#holders > 0) return;
    this.#then(() => this.#remove()).catch((error: unknown) => {
      // The sweep of the own rows finds it by its index row.
      this.#deps.logger.warn('watch.remove-failed', errorFields(error));
    });
  }

  async #write(): Promise<void> {
    const { registry, instance, entropy, delivers } = this.#deps;
    if (!delivers || this.#row || this.#holders === 0) return;
    // A fresh id each time: a late write cannot bring a removed watch back under its name.
    const row = { instance, watch: entropy.id(), key: this.#key };
    await registry.putWatch(row);
    this.#row = row;
  }

  async #remove(): Promise<void> {
    const row = this.#row;
    if (!row || this.#holders > 0) return;
    this.#row = undefined;
    await this.#deps.registry.removeWatch(row);
    this.#deps.removed(row);
  }

  #then(step: () => Promise<void>): Promise<void> {
    this.#step = this.#step.catch(() => {}).then(step);
    return this.#step;
  }
}
