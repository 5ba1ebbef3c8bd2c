import type {
  FanoutAddress,
  FleetKey,
  FleetKeySet,
  InstanceRegistry,
  Intent,
  Lease,
  LeaseTerms,
  Logger,
  RetiredLease,
  TaskKey,
  WatchRow,
} from '@a2a-aws/core';
import { errorFields, stderrLogger } from '@a2a-aws/core/internal';
import * as z from 'zod';
import type { DynamoDBStorageOptions } from './dynamodb-log-storage.ts';
import { StoredKeys } from './stored-doorbell-keys.ts';
import type { Item } from './table/item.ts';
import { END, type ItemKey, Keys } from './table/keys.ts';
import { ITEM_VERSION, readItem } from './table/stored-item.ts';
import { type Condition, Table } from './table/table.ts';

const address = {
  queueName: z.string().optional(),
  queueUrl: z.string().optional(),
  subscriptionArn: z.string().optional(),
};
const leaseItem = z.object({
  sk: z.string(),
  state: z.enum(['alive', 'dead']),
  beat: z.number(),
  leaseMs: z.number().optional(),
  deadForMs: z.number().optional(),
  resigned: z.boolean().optional(),
  serves: z.boolean().optional(),
  table: z.string().optional(),
  host: z.string().optional(),
  version: z.string().optional(),
  startedAt: z.number().optional(),
  renewedAt: z.number().optional(),
  ...address,
  former: z.array(z.object(address)).optional(),
});

const retiredItem = z.object({ instance: z.string(), retiredAt: z.number() });

const keyItem = z.object({ tenant: z.string(), owner: z.string(), taskId: z.string() });
const runItem = keyItem.extend({
  run: z.string(),
  purpose: z.enum(['execute', 'cancel', 'clean']),
  resume: z.string().optional(),
  push: z.literal(true).optional(),
});
const watchItem = keyItem.extend({ watch: z.string() });
const leaderItem = z.object({ instance: z.string() });
const watcherItem = z.object({ watch: z.string(), instance: z.string() });

const ALIVE: Condition = {
  expression: '#state = :alive',
  names: ['state'],
  values: { alive: 'alive' },
};

/** An {@link InstanceRegistry} on the table that holds the logs. */
export class DynamoDBInstanceRegistry implements InstanceRegistry {
  readonly #table: Table;
  readonly #keys: Keys;
  readonly #logger: Logger;
  readonly #doorbellKeys: StoredKeys;

  constructor(options: DynamoDBStorageOptions) {
    this.#table = new Table(options.client, options.tableName);
    this.#keys = new Keys(options.prefix);
    this.#logger = options.logger ?? stderrLogger;
    this.#doorbellKeys = new StoredKeys(this.#table, this.#keys, options.prefix);
  }

  /** Resolves with the table's ARN. A new table of the same name has the same ARN. */
  identity(): Promise<string> {
    return this.#table.arn();
  }

  async register(instance: string, queueName: string, terms: LeaseTerms = {}): Promise<boolean> {
    const table = await this.identity();
    const fields = { v: ITEM_VERSION, state: 'alive', beat: 0, queueName, table, ...terms };
    const found = await this.#table.putNew(this.#keys.lease(instance), fields);
    // Instance ids are fresh, so an existing lease was written by an earlier try of this call that
    // got no answer.
    return !found || toLease(found).state === 'alive';
  }

  setAddress(instance: string, address: FanoutAddress, revision: number): Promise<boolean> {
    const { queueName, queueUrl, subscriptionArn, former = [] } = address;
    const left = former.length > 0 ? former : undefined;
    const fields = {
      v: ITEM_VERSION,
      queueName,
      queueUrl,
      subscriptionArn,
      former: left,
      revision,
    };
    return this.#update(instance, fields, {
      expression: '#state = :alive AND (attribute_not_exists(#revision) OR #revision <= :revision)',
      names: ['state'],
      values: { alive: 'alive' },
    });
  }

  beat(instance: string, beat: number, renewedAt?: number): Promise<boolean> {
    const renewed = renewedAt === undefined ? {} : { renewedAt };
    return this.#update(instance, { beat, ...renewed }, ALIVE);
  }

  markDead(instance: string, seenBeat: number): Promise<boolean> {
    return this.#update(
      instance,
      { state: 'dead' },
      {
        expression: 'attribute_exists(sk) AND (#beat = :seen OR #state = :state)',
        names: ['beat'],
        values: { seen: seenBeat },
      },
    );
  }

  async noteDeadFor(instance: string, ms: number): Promise<void> {
    const fields = { deadForMs: ms };
    await this.#update(instance, fields, {
      expression:
        '#state = :dead AND (attribute_not_exists(#deadForMs) OR #deadForMs < :deadForMs)',
      names: ['state'],
      values: { dead: 'dead' },
    });
  }

  async lease(instance: string): Promise<Lease | undefined> {
    const item = await this.#table.get(this.#keys.lease(instance));
    return item && toLease(item);
  }

  async leases(): Promise<Lease[]> {
    return this.#readable(this.#keys.leases, '', toLease);
  }

  removeLease(instance: string): Promise<void> {
    return this.#table.remove(this.#keys.lease(instance));
  }

  async retire({ lease, retiredAt }: RetiredLease): Promise<void> {
    const { instance, address, ...fields } = lease;
    const row = { instance, retiredAt, ...fields, ...address };
    await this.#put(this.#keys.retiredLease(instance, retiredAt), row);
    await this.removeLease(instance);
  }

  async retired(limit: number): Promise<RetiredLease[]> {
    const range = { partition: this.#keys.retired, from: '\u0000', to: END, pageSize: limit };
    const { items } = await this.#table.page(range);
    return items.flatMap((item): RetiredLease[] => {
      try {
        const { instance, retiredAt } = readItem(retiredItem, item);
        return [{ lease: { ...toLease(item), instance }, retiredAt }];
      } catch (error) {
        this.#logger.error('registry.row-unreadable', errorFields(error));
        return [];
      }
    });
  }

  removeRetired({ lease, retiredAt }: RetiredLease): Promise<void> {
    return this.#table.remove(this.#keys.retiredLease(lease.instance, retiredAt));
  }

  async leader(): Promise<string | undefined> {
    const item = await this.#table.get(this.#keys.leader);
    return item && readItem(leaderItem, item).instance;
  }

  setResigned(instance: string, resigned: boolean): Promise<boolean> {
    return this.#update(instance, { resigned }, ALIVE);
  }

  async lead(instance: string, before: string | undefined): Promise<boolean> {
    const condition =
      before === undefined
        ? { expression: 'attribute_not_exists(sk) OR #instance = :instance' }
        : { expression: '#instance IN (:before, :instance)', values: { before } };
    const fields = { v: ITEM_VERSION, instance };
    return 'before' in (await this.#table.update(this.#keys.leader, fields, condition));
  }

  putIntent(row: Intent): Promise<void> {
    const { key, run, purpose, resume } = row;
    // Earlier releases know no pushes: they have nothing to do but to remove the row.
    const stored = purpose === 'push' ? { purpose: 'clean', push: true } : { purpose };
    return this.#put(this.#keys.run(row), { ...key, run, resume, ...stored });
  }

  removeIntent(row: Intent): Promise<void> {
    return this.#table.remove(this.#keys.run(row));
  }

  intents(instance: string, unreadable?: (error: unknown) => void): Promise<Intent[]> {
    return this.#rowsOf(instance, 'run#', unreadable, (item) => {
      const { run, purpose: stored, resume, push, ...key } = readItem(runItem, item);
      const purpose = push ? 'push' : stored;
      return { instance, run, purpose, key, ...(resume === undefined ? {} : { resume }) };
    });
  }

  async putWatch(row: WatchRow): Promise<void> {
    // The index row comes first, because a watch without one could never be cleaned up.
    await this.#put(this.#keys.watchIndex(row), { ...row.key, watch: row.watch });
    await this.#put(this.#keys.watch(row), { watch: row.watch, instance: row.instance });
  }

  removeWatch(row: WatchRow): Promise<void> {
    return this.#table.remove(this.#keys.watch(row));
  }

  removeWatchIndex(row: WatchRow): Promise<void> {
    return this.#table.remove(this.#keys.watchIndex(row));
  }

  watches(instance: string, unreadable?: (error: unknown) => void): Promise<WatchRow[]> {
    return this.#rowsOf(instance, 'watch#', unreadable, (item) => {
      const { watch, ...key } = readItem(watchItem, item);
      return { instance, watch, key };
    });
  }

  watchers(key: TaskKey): Promise<{ watch: string; instance: string }[]> {
    return this.#readable(this.#keys.task(key), 'watch#', (item) => readItem(watcherItem, item));
  }

  doorbellKeys(candidate: () => FleetKey): Promise<FleetKeySet> {
    return this.#doorbellKeys.read(candidate);
  }

  replaceDoorbellKeys(seen: readonly FleetKey[], next: readonly FleetKey[]): Promise<boolean> {
    return this.#doorbellKeys.replace(seen, next);
  }

  /** Resolves with false if the lease does not exist or does not meet the condition. */
  async #update(instance: string, fields: Item, condition: Condition): Promise<boolean> {
    return 'before' in (await this.#table.update(this.#keys.lease(instance), fields, condition));
  }

  #put(key: ItemKey, fields: Item): Promise<void> {
    return this.#table.put({ ...key, v: ITEM_VERSION, ...fields });
  }

  /**
   * Resolves with an instance's rows. Unreadable rows are passed to `unreadable`; without it, they
   * reject the call.
   */
  #rowsOf<T>(
    instance: string,
    begins: string,
    unreadable: ((error: unknown) => void) | undefined,
    read: (item: Item) => T,
  ): Promise<T[]> {
    const partition = this.#keys.instance(instance);
    return unreadable
      ? this.#readable(partition, begins, read, unreadable)
      : this.#rows(partition, begins, read);
  }

  /** Resolves with the rows that this release can read. The others are passed to `unreadable`. */
  async #readable<T>(
    partition: string,
    begins: string,
    read: (item: Item) => T,
    unreadable: (error: unknown) => void = (error) =>
      this.#logger.error('registry.row-unreadable', errorFields(error)),
  ): Promise<T[]> {
    const rows = await this.#rows(partition, begins, (item): T[] => {
      try {
        return [read(item)];
      } catch (error) {
        unreadable(error);
        return [];
      }
    });
    return rows.flat();
  }

  async #rows<T>(partition: string, begins: string, read: (item: Item) => T): Promise<T[]> {
    const rows: T[] = [];
    const range = { partition, from: begins === '' ? '\u0000' : begins, to: begins + END };
    for await (const item of this.#table.range(range)) rows.push(read(item));
    return rows;
  }
}

function toLease(item: Item): Lease {
  const { sk, queueName, queueUrl, subscriptionArn, former, ...fields } = readItem(leaseItem, item);
  const left = former?.map((one) => known(one));
  const address = known({ queueName, queueUrl, subscriptionArn, former: left });
  return { ...known(fields), state: fields.state, beat: fields.beat, instance: sk, address };
}

/** Returns the fields that are not `undefined`. */
function known<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as ReturnType<typeof known<T>>;
}
