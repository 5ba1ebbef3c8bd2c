import { attribute } from '@a2a-aws/dynamodb';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import {
  isInstancePartition,
  isLeaseItem,
  isLeasePartition,
  isWatchIndexItem,
} from './item-kind.ts';
import { type Call, type ObservedClient, observe } from './observed-client.ts';

/** The calls of the work by command, and the calls by which instances keep themselves up. */
export interface CallCounts {
  readonly work: Readonly<Record<string, number>>;
  readonly upkeep: Readonly<Record<string, number>>;
  /** The total number of calls of the work. */
  readonly total: number;
}

/**
 * Counts logical calls. Upkeep consists of polls without messages, an instance's doorbells to
 * itself with their polls and deletes, heartbeats, the janitor's lease checks, and sweeps of an
 * instance's own rows (a minute later, the index row of each watch).
 */
export class CallMeter {
  readonly #work = new Map<string, number>();
  readonly #upkeep = new Map<string, number>();
  readonly #canaries = new Set<string>();

  attach(client: ObservedClient): void {
    observe(client, 'call-meter', (call) => {
      const counts = this.#isUpkeep(call) ? this.#upkeep : this.#work;
      counts.set(call.command, (counts.get(call.command) ?? 0) + 1);
    });
  }

  counts(): CallCounts {
    return {
      work: Object.fromEntries(this.#work),
      upkeep: Object.fromEntries(this.#upkeep),
      total: [...this.#work.values()].reduce((sum, count) => sum + count, 0),
    };
  }

  #isUpkeep({ command, input, output }: Call): boolean {
    switch (command) {
      case 'ReceiveMessageCommand':
        return this.#isUpkeepPoll(output?.Messages ?? []);
      case 'DeleteMessageBatchCommand':
        return every<Receipt>(input.Entries, ({ ReceiptHandle = '' }) =>
          this.#canaries.delete(ReceiptHandle),
        );
      case 'PublishBatchCommand':
        return every<{ Message: string }>(input.PublishBatchRequestEntries, ({ Message }) =>
          isCanary(Message),
        );
      case 'UpdateItemCommand':
        return isLeaseItem(input.Key);
      case 'DeleteItemCommand':
        return isWatchIndexItem(input.Key);
      case 'QueryCommand':
        return isOwnPartition(input.ExpressionAttributeValues);
      default:
        return false;
    }
  }

  #isUpkeepPoll(messages: readonly Received[]): boolean {
    const canaries = messages.filter(({ Body = '' }) => isCanary(Body));
    for (const { ReceiptHandle = '' } of canaries) this.#canaries.add(ReceiptHandle);
    return canaries.length === messages.length;
  }
}

interface Receipt {
  readonly ReceiptHandle?: string;
}

interface Received extends Receipt {
  readonly Body?: string;
}

/** Like `Array.prototype.every`, but calls `ask` for every element. */
function every<T>(all: readonly T[], ask: (one: T) => boolean): boolean {
  return all.filter(ask).length === all.length;
}

function isCanary(message: string): boolean {
  const kinds = [...message.matchAll(/^\[.*?\{"kind":"(\w+)"/gm)].map(([, kind]) => kind);
  return kinds.length > 0 && kinds.every((kind) => kind === 'canary');
}

/** Returns true if a query reads leases, or an instance's own rows. */
function isOwnPartition(values: Readonly<Record<string, AttributeValue>>): boolean {
  const partition = values[`:${attribute.partition}`]?.S;
  return isLeasePartition(partition) || isInstancePartition(partition);
}
