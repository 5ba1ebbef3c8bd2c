import type { FleetKey, FleetKeySet } from '@a2a-aws/core';
import { joinKey } from '@a2a-aws/core/internal';
import * as z from 'zod';
import type { Item } from './table/item.ts';
import type { Keys } from './table/keys.ts';
import { ITEM_VERSION, readItem } from './table/stored-item.ts';
import type { Table } from './table/table.ts';

const SECRET_BYTES = 32;

const key = z.object({
  id: z.string().regex(/^[\w-]{1,32}$/),
  secret: z.instanceof(Uint8Array).refine(({ length }) => length === SECRET_BYTES),
  serial: z.number().int().positive(),
});
const keysItem = z.object({ keys: z.array(key).min(1).max(2) });

/** A fleet's doorbell keys: one item of its table. */
export class StoredKeys {
  readonly #table: Table;
  readonly #keys: Keys;
  readonly #prefix: string;

  constructor(table: Table, keys: Keys, prefix: string) {
    this.#table = table;
    this.#keys = keys;
    this.#prefix = prefix;
  }

  async read(candidate: () => FleetKey): Promise<FleetKeySet> {
    const fleet = joinKey(await this.#table.arn(), this.#prefix);
    const at = this.#keys.doorbellKeys;
    const found = await this.#table.get(at);
    if (found) return { fleet, keys: toKeys(found) };
    const made = [candidate()];
    // Another instance may have been faster, or an earlier try of this one that got no answer.
    const taken = await this.#table.putNew(at, toItem(made));
    return { fleet, keys: taken ? toKeys(taken) : made };
  }

  async replace(seen: readonly FleetKey[], next: readonly FleetKey[]): Promise<boolean> {
    const updated = await this.#table.update(this.#keys.doorbellKeys, toItem(next), {
      expression: '#v = :v AND #ids = :seen',
      names: ['v', 'ids'],
      values: { seen: idsOf(seen) },
    });
    return 'before' in updated;
  }
}

function toItem(keys: readonly FleetKey[]): Item {
  const stored = keys.map(({ id, secret, serial }) => ({ id, secret, serial }));
  return { v: ITEM_VERSION, ids: idsOf(keys), keys: stored };
}

function idsOf(keys: readonly FleetKey[]): string {
  return keys.map(({ id }) => id).join(' ');
}

function toKeys(item: Item): FleetKey[] {
  return readItem(keysItem, item).keys;
}
