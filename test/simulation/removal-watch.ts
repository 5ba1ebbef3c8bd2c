import type { FakeRemoval } from '@a2a-aws/testkit/fakes';
import type { Violate } from './expected-task.ts';
import type { TableWatch } from './table-watch.ts';

/**
 * Checks every removal of a queue or a subscription when it happens. An instance replaces a lost queue,
 * so the end of a schedule does not show such a removal.
 */
export class RemovalWatch {
  readonly #tables: () => readonly TableWatch[];
  readonly #violate: Violate;

  /** `tables` returns all tables that instances run on. */
  constructor(tables: () => readonly TableWatch[], violate: Violate) {
    this.#tables = tables;
    this.#violate = violate;
  }

  readonly onRemoval = ({ caller, queue }: FakeRemoval): void => {
    for (const table of this.#tables()) {
      const instance = table.listener(queue);
      if (instance === undefined || table.home(instance) === caller) continue;
      this.#violate('I7', `${caller} removes ${queue}, or its subscription: ${instance} is alive`);
    }
  };
}
