import { BackendError, type ConsumerOffsets, type Place, type TaskKey } from '@a2a-aws/core';
import {
  assertConsumer,
  assertTaskKey,
  checkedRetention,
  expiresAt,
  placeAt,
} from '@a2a-aws/core/internal';
import * as z from 'zod';
import type { DynamoDBStorageOptions } from './dynamodb-log-storage.ts';
import { type ItemKey, Keys } from './table/keys.ts';
import { Table } from './table/table.ts';

const offsetItem = z.object({
  v: z.literal(1),
  gen: z.number().int().nonnegative(),
  msgs: z.number().int().nonnegative(),
});

/** {@link ConsumerOffsets} beside the logs: one small item for a consumer of a task. */
export class DynamoDBConsumerOffsets implements ConsumerOffsets {
  readonly #table: Table;
  readonly #keys: Keys;
  readonly #retentionMs: number;

  constructor(options: DynamoDBStorageOptions) {
    this.#table = new Table(options.client, options.tableName);
    this.#keys = new Keys(options.prefix);
    this.#retentionMs = checkedRetention(options.retentionMs);
  }

  async load(key: TaskKey, consumer: string): Promise<Place | undefined> {
    const item = await this.#table.get(this.#key(key, consumer));
    if (!item) return undefined;
    const parsed = offsetItem.safeParse(item);
    if (!parsed.success) {
      throw new BackendError('corrupt-log', 'An offset of an unknown version or shape is stored.');
    }
    return placeAt(parsed.data.gen, parsed.data.msgs);
  }

  async save(key: TaskKey, consumer: string, place: Place, now: number): Promise<void> {
    const fields = {
      v: 1,
      gen: place.generation,
      msgs: place.messages,
      expires: expiresAt(now, this.#retentionMs),
    };
    await this.#table.update(this.#key(key, consumer), fields, {
      expression: 'attribute_not_exists(#gen) OR #gen < :gen OR (#gen = :gen AND #msgs < :msgs)',
    });
  }

  #key(key: TaskKey, consumer: string): ItemKey {
    assertTaskKey(key);
    assertConsumer(consumer);
    return this.#keys.consumer(key, consumer);
  }
}
