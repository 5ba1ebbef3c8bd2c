import {
  BackendError,
  type Claimed,
  type PushClaim,
  type PushLedger,
  type PushProgress,
  type Released,
  type TaskKey,
  type TaskPushes,
} from '@a2a-aws/core';
import {
  assertTaskKey,
  checkedRetention,
  expiresAt,
  parseSlot,
  slotText,
} from '@a2a-aws/core/internal';
import * as z from 'zod';
import type { DynamoDBStorageOptions } from './dynamodb-log-storage.ts';
import type { Item } from './table/item.ts';
import { type ItemKey, Keys } from './table/keys.ts';
import { ITEM_VERSION } from './table/stored-item.ts';
import { type Condition, Table, type Updated } from './table/table.ts';

const progress = z.object({
  slot: z.string().transform((text, context) => {
    const parsed = parseSlot(text);
    if (!parsed) context.addIssue('not a slot');
    return parsed ?? z.NEVER;
  }),
  entry: z.number().int().nonnegative(),
  failingSince: z.number().optional(),
  failure: z.string().optional(),
});
const ledgerItem = z.object({
  v: z.literal(ITEM_VERSION),
  turn: z.number().int().positive(),
  instance: z.string(),
  held: z.boolean(),
  asked: z.string().optional(),
  pushes: z.record(z.string(), progress).optional(),
});

/** A {@link PushLedger} beside the logs: one item for a task that has or had push configurations. */
export class DynamoDBPushLedger implements PushLedger {
  readonly #table: Table;
  readonly #keys: Keys;
  readonly #retentionMs: number;

  constructor(options: DynamoDBStorageOptions) {
    this.#table = new Table(options.client, options.tableName);
    this.#keys = new Keys(options.prefix);
    this.#retentionMs = checkedRetention(options.retentionMs);
  }

  async claim(
    key: TaskKey,
    { instance, turn }: PushClaim,
    now: number,
    replaces = false,
  ): Promise<Claimed> {
    const isFree = replaces ? '' : ' AND #held = :no';
    const isNext = turn === 1 ? 'attribute_not_exists(#turn)' : `(#turn = :before${isFree})`;
    const expires = this.#expires(now);
    const fields = { v: ITEM_VERSION, turn, instance, held: true, asked: undefined, expires };
    const updated = await this.#table.update(this.#key(key), fields, {
      expression: `${isNext} OR (#turn = :turn AND #instance = :instance AND #held = :held)`,
      values: turn === 1 ? {} : { before: turn - 1, ...(replaces ? {} : { no: false }) },
    });
    if ('before' in updated) return { claimed: pushesOf(updated.before) };
    const found = readLedger(updated.refused);
    if (!found) return { last: { instance: '', turn: 0 }, isHeld: false };
    return { last: { instance: found.instance, turn: found.turn }, isHeld: found.held };
  }

  async save(key: TaskKey, claim: PushClaim, pushes: TaskPushes, now: number): Promise<boolean> {
    const fields = { pushes: toStored(pushes), expires: this.#expires(now) };
    return 'before' in (await this.#update(key, claim, fields));
  }

  async ask(key: TaskKey, claim: PushClaim, question: string): Promise<boolean> {
    return 'before' in (await this.#update(key, claim, { asked: question }));
  }

  async release(
    key: TaskKey,
    claim: PushClaim,
    pushes: TaskPushes,
    now: number,
    answered?: string,
  ): Promise<Released> {
    const isAnswered = answered === undefined ? '' : ' OR #asked = :answered';
    const updated = await this.#update(
      key,
      claim,
      { held: false, asked: undefined, pushes: toStored(pushes), expires: this.#expires(now) },
      ` AND (attribute_not_exists(#asked)${isAnswered})`,
      answered === undefined ? {} : { answered },
    );
    if ('before' in updated) return 'released';
    const found = readLedger(updated.refused);
    if (!found || found.turn !== claim.turn || found.instance !== claim.instance) return 'lost';
    // An earlier try has released it.
    if (!found.held) return 'released';
    return found.asked === undefined ? 'lost' : { asked: found.asked };
  }

  async read(key: TaskKey): Promise<TaskPushes> {
    return pushesOf((await this.#table.get(this.#key(key))) ?? {});
  }

  #update(
    key: TaskKey,
    { turn, instance }: PushClaim,
    fields: Item,
    also = '',
    values: Condition['values'] = {},
  ): Promise<Updated> {
    return this.#table.update(this.#key(key), fields, {
      expression: `#turn = :ourTurn AND #instance = :us AND #held = :yes${also}`,
      names: ['turn', 'instance', 'held'],
      values: { ourTurn: turn, us: instance, yes: true, ...values },
    });
  }

  #expires(now: number): number {
    return expiresAt(now, this.#retentionMs);
  }

  #key(key: TaskKey): ItemKey {
    assertTaskKey(key);
    return this.#keys.pushes(key);
  }
}

function readLedger(item: Item): z.output<typeof ledgerItem> | undefined {
  const { turn } = item;
  // Some emulators return the key of an item that did not exist.
  if (turn === undefined) return undefined;
  const parsed = ledgerItem.safeParse(item);
  if (parsed.success) return parsed.data;
  throw new BackendError('corrupt-log', 'A push ledger of an unknown version or shape is stored.');
}

function pushesOf(item: Item): TaskPushes {
  const stored = readLedger(item)?.pushes ?? {};
  return new Map(
    Object.entries(stored).map(([id, { slot, entry, ...rest }]) => [
      unkeyed(id),
      { place: { slot, entry }, ...rest } satisfies PushProgress,
    ]),
  );
}

function toStored(pushes: TaskPushes): Item {
  return Object.fromEntries(
    [...pushes].map(([id, { place, failingSince, failure }]) => [
      keyed(id),
      {
        slot: slotText(place.slot),
        entry: place.entry,
        ...(failingSince === undefined ? {} : { failingSince }),
        ...(failure === undefined ? {} : { failure }),
      },
    ]),
  );
}

/** Returns the name of a configuration's attribute: a client may choose an id like `__proto__`. */
function keyed(id: string): string {
  return `#${id}`;
}

function unkeyed(name: string): string {
  return name.slice(1);
}
