import type {
  FanoutAddress,
  InstanceRegistry,
  Lease,
  RunRow,
  TaskKey,
  WatchRow,
} from '@a2a-aws/core';
import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import { dynamoDBError, isConditionFailed, translated } from './dynamodb-error.ts';
import type { DynamoDBStorageOptions } from './dynamodb-log-storage.ts';
import { END, type ItemKey, Keys } from './keys.ts';
import { type Item, readRange } from './table.ts';

const leaseItem = z.object({
  sk: z.string(),
  state: z.enum(['alive', 'dead']),
  beat: z.number(),
  queueName: z.string().optional(),
  queueUrl: z.string().optional(),
  subscriptionArn: z.string().optional(),
});

const keyItem = z.object({ tenant: z.string(), owner: z.string(), taskId: z.string() });
const runItem = keyItem.extend({
  run: z.string(),
  purpose: z.enum(['execute', 'cancel', 'clean']),
});
const watchItem = keyItem.extend({ watch: z.string() });
const watcherItem = z.object({ watch: z.string(), instance: z.string() });

/** {@link InstanceRegistry} on the table that holds the logs. */
export class DynamoDBInstanceRegistry implements InstanceRegistry {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #keys: Keys;

  constructor(options: DynamoDBStorageOptions) {
    this.#client = options.client;
    this.#table = options.tableName;
    this.#keys = new Keys(options.prefix);
  }

  async register(instance: string, queueName: string): Promise<boolean> {
    const written = await this.#conditionally(
      new PutCommand({
        TableName: this.#table,
        Item: { ...this.#keys.lease(instance), v: 1, state: 'alive', beat: 0, queueName },
        ConditionExpression: 'attribute_not_exists(sk)',
      }),
    );
    // Instance ids are fresh: a lease that is there is the own one, from a try that got no answer.
    return written || (await this.lease(instance))?.state === 'alive';
  }

  setAddress(instance: string, address: FanoutAddress): Promise<boolean> {
    return this.#updateLease(instance, { ...address }, '#state = :alive', { ':alive': 'alive' });
  }

  beat(instance: string, beat: number): Promise<boolean> {
    return this.#updateLease(instance, { beat }, '#state = :alive', { ':alive': 'alive' });
  }

  markDead(instance: string, seenBeat: number): Promise<boolean> {
    return this.#updateLease(instance, { state: 'dead' }, '#beat = :seen OR #state = :state', {
      ':seen': seenBeat,
    });
  }

  async lease(instance: string): Promise<Lease | undefined> {
    const read = await translated(
      this.#client.send(
        new GetCommand({
          TableName: this.#table,
          Key: this.#keys.lease(instance),
          ConsistentRead: true,
        }),
      ),
    );
    return read.Item ? toLease(read.Item) : undefined;
  }

  async leases(): Promise<Lease[]> {
    return this.#rows(this.#keys.leases, '', toLease);
  }

  removeLease(instance: string): Promise<void> {
    return this.#delete(this.#keys.lease(instance));
  }

  putRun(row: RunRow): Promise<void> {
    return this.#put(this.#keys.run(row), { ...row.key, run: row.run, purpose: row.purpose });
  }

  removeRun(row: RunRow): Promise<void> {
    return this.#delete(this.#keys.run(row));
  }

  runs(instance: string): Promise<RunRow[]> {
    return this.#rows(this.#keys.instance(instance), 'run#', (item) => {
      const { run, purpose, ...key } = runItem.parse(item);
      return { instance, run, purpose, key };
    });
  }

  async putWatch(row: WatchRow): Promise<void> {
    // The index row first: a watch that no index row names could never be cleaned up.
    await this.#put(this.#keys.watchIndex(row), { ...row.key, watch: row.watch });
    await this.#put(this.#keys.watch(row), { watch: row.watch, instance: row.instance });
  }

  removeWatch(row: WatchRow): Promise<void> {
    return this.#delete(this.#keys.watch(row));
  }

  removeWatchIndex(row: WatchRow): Promise<void> {
    return this.#delete(this.#keys.watchIndex(row));
  }

  watches(instance: string): Promise<WatchRow[]> {
    return this.#rows(this.#keys.instance(instance), 'watch#', (item) => {
      const { watch, ...key } = watchItem.parse(item);
      return { instance, watch, key };
    });
  }

  watchers(key: TaskKey): Promise<{ watch: string; instance: string }[]> {
    return this.#rows(this.#keys.task(key), 'watch#', (item) => watcherItem.parse(item));
  }

  /** False if the lease is not there, or `condition` does not hold; it may name `#state` and `#beat`. */
  #updateLease(instance: string, fields: Item, condition: string, values: Item): Promise<boolean> {
    const names = Object.keys(fields);
    const used = [
      ...new Set([...names, ...['state', 'beat'].filter((n) => condition.includes(n))]),
    ];
    return this.#conditionally(
      new UpdateCommand({
        TableName: this.#table,
        Key: this.#keys.lease(instance),
        UpdateExpression: `SET ${names.map((name) => `#${name} = :${name}`).join(', ')}`,
        ConditionExpression: `attribute_exists(sk) AND (${condition})`,
        ExpressionAttributeNames: Object.fromEntries(used.map((name) => [`#${name}`, name])),
        ExpressionAttributeValues: {
          ...Object.fromEntries(names.map((name) => [`:${name}`, fields[name]])),
          ...values,
        },
      }),
    );
  }

  async #conditionally(command: PutCommand | UpdateCommand): Promise<boolean> {
    try {
      await this.#client.send(command as PutCommand);
      return true;
    } catch (error) {
      if (isConditionFailed(error)) return false;
      throw dynamoDBError(error);
    }
  }

  async #put(key: ItemKey, fields: Item): Promise<void> {
    await translated(
      this.#client.send(
        new PutCommand({ TableName: this.#table, Item: { ...key, v: 1, ...fields } }),
      ),
    );
  }

  async #delete(key: ItemKey): Promise<void> {
    await translated(this.#client.send(new DeleteCommand({ TableName: this.#table, Key: key })));
  }

  async #rows<T>(partition: string, begins: string, read: (item: Item) => T): Promise<T[]> {
    const rows: T[] = [];
    const range = { partition, from: begins === '' ? '\u0000' : begins, to: begins + END };
    for await (const item of readRange(this.#client, this.#table, range)) rows.push(read(item));
    return rows;
  }
}

function toLease(item: Item): Lease {
  const { sk, state, beat, ...address } = leaseItem.parse(item);
  const known = Object.entries(address).filter(([, value]) => value !== undefined);
  return { instance: sk, state, beat, address: Object.fromEntries(known) };
}
