import { type Clock, type Scope, systemClock } from '@a2a-aws/core';
import {
  assertOptionNames,
  assertTaskKey,
  checkedRetention,
  expiresAt,
  type OptionNames,
} from '@a2a-aws/core/internal';
import * as z from 'zod';
import { Keys } from './table/keys.ts';
import { ITEM_VERSION, readItem } from './table/stored-item.ts';
import { Table, type TableClient } from './table/table.ts';

export interface DynamoDBCursorStoreOptions {
  /** A client made with {@link createDynamoDBClient} or {@link documentClient}. */
  readonly client: TableClient;
  readonly tableName: string;
  /** The start of every partition key. @default `a2a` */
  readonly prefix?: string | undefined;
  /** The reader whose positions these are, like `proxy`. Two readers of one stream have two names. */
  readonly owner: string;
  /** The tenant of the reader; no store sees positions of another tenant. @default none */
  readonly tenant?: string | undefined;
  /** How long a position is kept after it was set last, in milliseconds, a day or more. @default 30 days */
  readonly retentionMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

const NAMES: OptionNames<DynamoDBCursorStoreOptions> = {
  client: true,
  tableName: true,
  prefix: true,
  owner: true,
  tenant: true,
  retentionMs: true,
  clock: true,
};

const cursorItem = z.object({ text: z.string() });

/**
 * A `CursorStore` of `@a2a-aws/client` on the table of the backend: a client that is a server itself, like
 * a proxy, continues on any instance.
 *
 * @example
 * ```ts
 * import { createDynamoDBClient, DynamoDBCursorStore } from 'a2a-aws';
 *
 * const store = new DynamoDBCursorStore({
 *   client: createDynamoDBClient(),
 *   tableName: 'agents',
 *   owner: 'proxy',
 * });
 * ```
 */
export class DynamoDBCursorStore {
  readonly #table: Table;
  readonly #keys: Keys;
  readonly #scope: Scope;
  readonly #retentionMs: number;
  readonly #clock: Clock;

  /**
   * @throws {BackendError} configuration, for an option that does not exist or has no valid value
   * @throws {BackendError} invalid-key, for an owner or a tenant that no key can hold
   */
  constructor(options: DynamoDBCursorStoreOptions) {
    assertOptionNames('DynamoDBCursorStore', options, NAMES);
    const { client, tableName, prefix = 'a2a', owner, tenant = '', clock = systemClock } = options;
    assertTaskKey({ tenant, owner, taskId: 'any' });
    this.#table = new Table(client, tableName);
    this.#keys = new Keys(prefix);
    this.#scope = { tenant, owner };
    this.#retentionMs = checkedRetention(options.retentionMs);
    this.#clock = clock;
  }

  /**
   * Returns the last value of the key; `undefined` if it has none.
   *
   * @throws {BackendError} corrupt-log, if the value is of another version; the codes of DynamoDB's errors
   */
  async get(key: string): Promise<string | undefined> {
    const item = await this.#table.get(this.#keys.cursor(this.#scope, key));
    return item && readItem(cursorItem, item).text;
  }

  /**
   * Sets the value.
   *
   * @throws {BackendError} the codes of DynamoDB's errors
   */
  async set(key: string, value: string): Promise<void> {
    await this.#table.put({
      ...this.#keys.cursor(this.#scope, key),
      v: ITEM_VERSION,
      text: value,
      expires: expiresAt(this.#clock.now(), this.#retentionMs),
    });
  }

  /**
   * Removes the value, if the key has one.
   *
   * @throws {BackendError} the codes of DynamoDB's errors
   */
  async delete(key: string): Promise<void> {
    await this.#table.remove(this.#keys.cursor(this.#scope, key));
  }
}
