import type { InstanceRegistry, RunRow, WatchRow } from '../ports/instance-registry.ts';
import type { Logger } from '../ports/logger.ts';

export interface OwnRowsDeps {
  readonly instance: string;
  readonly registry: InstanceRegistry;
  readonly logger: Logger;
}

/**
 * The rows of this instance. One that cannot be read stays, for those that can read it, and must not
 * keep the others from being looked after: how many there are is said.
 */
export class OwnRows {
  readonly #deps: OwnRowsDeps;

  constructor(deps: OwnRowsDeps) {
    this.#deps = deps;
  }

  runs(): Promise<RunRow[]> {
    const { instance, registry } = this.#deps;
    return this.#readable((unreadable) => registry.runs(instance, unreadable));
  }

  watches(): Promise<WatchRow[]> {
    const { instance, registry } = this.#deps;
    return this.#readable((unreadable) => registry.watches(instance, unreadable));
  }

  async #readable<Row>(read: (unreadable: () => void) => Promise<Row[]>): Promise<Row[]> {
    let rows = 0;
    const readable = await read(() => {
      rows += 1;
    });
    if (rows > 0) this.#deps.logger.error('instance.rows-unreadable', { rows });
    return readable;
  }
}
