import type { InstanceRegistry, Intent, WatchRow } from '../ports/instance-registry.ts';
import type { Logger } from '../ports/logger.ts';

export interface InstanceRowsDeps {
  readonly instance: string;
  readonly registry: InstanceRegistry;
  readonly logger: Logger;
}

/**
 * Reads the rows of this instance. An unreadable row stays for a release that can read it, and must not
 * block the others. The number of unreadable rows is logged.
 */
export class InstanceRows {
  readonly #deps: InstanceRowsDeps;

  constructor(deps: InstanceRowsDeps) {
    this.#deps = deps;
  }

  intents(): Promise<Intent[]> {
    const { instance, registry } = this.#deps;
    return this.#readable((unreadable) => registry.intents(instance, unreadable));
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
