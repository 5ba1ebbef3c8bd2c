import { BackendError } from '../errors.ts';
import type { Fanout, FanoutAddress, FanoutReceiver, FanoutStats } from '../ports/fanout.ts';

/**
 * No transport at all: instances read their open logs, more often while there is news. Use it on hosts
 * that freeze between requests, or if there is only a table.
 */
export class PollingFanout implements Fanout {
  readonly delivers: boolean = false;
  readonly needsLiveInstances: boolean = false;
  readonly maxBytes: number = 0;

  /** The instances share nothing. */
  async check(): Promise<void> {}

  instanceId(name: string, nonce: string): string {
    return `${name}-${nonce}`;
  }

  async provision(): Promise<undefined> {}

  /** @throws BackendError `configuration` if there is a queue: another fan-out has to remove it. */
  async teardown(_instance: string, address?: FanoutAddress): Promise<void> {
    if (address?.queueUrl === undefined) return;
    throw new BackendError(
      'configuration',
      'The instance has a queue, which polling does not know.',
    );
  }

  receive(): FanoutReceiver {
    return { healthy: true, close: async () => {} };
  }

  async publish(): Promise<boolean> {
    return true;
  }

  stats(): FanoutStats {
    return { published: 0, publishFailed: 0, received: 0, unreadable: 0 };
  }
}
