import { type Clock, type Entropy, systemClock, systemEntropy } from '@a2a-aws/core';
import { checkedRetention, type OptionNames } from '@a2a-aws/core/internal';
import { type OwnerResolver, resolveUserScope } from '@a2a-js/sdk/server';
import type { TableClient } from './table/table.ts';

/** The options that the stores of tasks and of push configs have in common. */
export interface StoreOptions {
  /** A client made with {@link createDynamoDBClient} or {@link documentClient}. */
  readonly client: TableClient;
  readonly tableName: string;
  /** The start of every partition key. @default `a2a` */
  readonly prefix?: string | undefined;
  /** Returns the owner of a request. @default the SDK's: the authenticated user's name */
  readonly ownerResolver?: OwnerResolver | undefined;
  /**
   * How long a task stays visible after its last change, in milliseconds, a day or more. Its push configs
   * last as long: give both stores the same value.
   * @default 30 days
   */
  readonly retentionMs?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly entropy?: Entropy | undefined;
}

export const STORE_OPTIONS: OptionNames<StoreOptions> = {
  client: true,
  tableName: true,
  prefix: true,
  ownerResolver: true,
  retentionMs: true,
  clock: true,
  entropy: true,
};

/** Returns the options with their defaults. Throws `configuration` for a retention that is too short. */
export function storeSettings(options: StoreOptions): {
  readonly [Name in keyof StoreOptions]-?: Exclude<StoreOptions[Name], undefined>;
} {
  return {
    client: options.client,
    tableName: options.tableName,
    prefix: options.prefix ?? 'a2a',
    ownerResolver: options.ownerResolver ?? resolveUserScope,
    retentionMs: checkedRetention(options.retentionMs),
    clock: options.clock ?? systemClock,
    entropy: options.entropy ?? systemEntropy,
  };
}
