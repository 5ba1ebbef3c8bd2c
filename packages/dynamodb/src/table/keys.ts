import { createHash } from 'node:crypto';
import {
  BackendError,
  type Intent,
  type Scope,
  type Slot,
  type SnapshotName,
  type TaskHead,
  type TaskKey,
  type WatchRow,
} from '@a2a-aws/core';
import {
  escapeKeyPart,
  joinKey,
  slotText,
  taskKeyHash,
  unescapeKeyPart,
} from '@a2a-aws/core/internal';

/** A primary key. */
export interface ItemKey extends Record<string, string> {
  pk: string;
  sk: string;
}

/** Digits of the latest time that a date can have, in milliseconds since the epoch. */
const TIME_DIGITS = 16;
/** Over how many partitions of the index an owner's tasks are spread, unless that is set. */
const DEFAULT_OWNER_SHARDS = 4;
/** More would cost lists more than it gave writes. */
export const MAX_OWNER_SHARDS = 64;

/** All sort keys of push notification configs begin so. */
export const CONFIGS = 'config#';
/** The beginning of the sort keys of consumer offsets. */
export const CONSUMERS = 'consumer#';
/** All sort keys of snapshots begin so. */
export const SNAPSHOTS = 'snap#';
/** All sort keys of records begin so. */
export const RECORDS = 'event#';
/** All sort keys of the pieces of large records begin so. */
export const PIECES = 'xpart#';
/** Sorts, as UTF-8, after every sort key here that begins with the same prefix. */
export const END = '\u{10ffff}';

/** Returns the range of all sort keys that begin with a prefix, even of those that sort after {@link END}. */
export function prefixRange(begins: string): { readonly from: string; readonly to: string } {
  return { from: begins, to: begins.replace(/#$/, '$') };
}

/**
 * The keys of one agent's items: `prefix` begins every partition, so that several agents share a
 * table without seeing each other. Parts that come from outside are escaped.
 */
export class Keys {
  readonly #prefix: string;
  readonly #ownerShards: number;

  /** Throws `configuration` for a number of shards that is none. */
  constructor(prefix: string, ownerShards: number = DEFAULT_OWNER_SHARDS) {
    if (!Number.isInteger(ownerShards) || ownerShards < 1 || ownerShards > MAX_OWNER_SHARDS) {
      throw new BackendError('configuration', 'ownerShards must be between 1 and 64.');
    }
    this.#prefix = prefix;
    this.#ownerShards = ownerShards;
  }

  task({ tenant, owner, taskId }: TaskKey): string {
    return joinKey(this.#prefix, 'T', tenant, owner, taskId);
  }

  record(key: TaskKey, slot: Slot): ItemKey {
    return { pk: this.task(key), sk: RECORDS + slotText(slot) };
  }

  /** A piece of a record that is too large for one item. */
  part(key: TaskKey, recordId: string, at: number): ItemKey {
    const number = String(at).padStart(4, '0');
    return { pk: this.task(key), sk: joinKey('xpart', recordId, number) };
  }

  head(key: TaskKey): ItemKey {
    return { pk: this.task(key), sk: 'task' };
  }

  /** The beginning of the sort keys of a snapshot's chunks. */
  chunks({ slot, id }: Pick<SnapshotName, 'slot' | 'id'>): string {
    return `${SNAPSHOTS}${slotText(slot)}#${escapeKeyPart(id)}#`;
  }

  chunk(key: TaskKey, name: Pick<SnapshotName, 'slot' | 'id'>, at: number): ItemKey {
    return { pk: this.task(key), sk: this.chunks(name) + String(at).padStart(4, '0') };
  }

  config(key: TaskKey, id: string): ItemKey {
    return { pk: this.task(key), sk: CONFIGS + escapeKeyPart(id) };
  }

  consumer(key: TaskKey, name: string): ItemKey {
    return { pk: this.task(key), sk: CONSUMERS + escapeKeyPart(name) };
  }

  /** How far the task's push notifications are. Among the consumers, so that it goes with them. */
  pushes(key: TaskKey): ItemKey {
    return { pk: this.task(key), sk: `${CONSUMERS}#pushes` };
  }

  /** The position of a reader in a stream, which may have any name. */
  cursor({ tenant, owner }: Scope, stream: string): ItemKey {
    return { pk: joinKey(this.#prefix, 'R', tenant, owner, hash(stream)), sk: 'cursor' };
  }

  instance(instance: string): string {
    return joinKey(this.#prefix, 'I', instance);
  }

  run(row: Intent): ItemKey {
    return { pk: this.instance(row.instance), sk: joinKey('run', taskKeyHash(row.key), row.run) };
  }

  watchIndex(row: WatchRow): ItemKey {
    return {
      pk: this.instance(row.instance),
      sk: joinKey('watch', taskKeyHash(row.key), row.watch),
    };
  }

  watch(row: WatchRow): ItemKey {
    return { pk: this.task(row.key), sk: joinKey('watch', row.instance, row.watch) };
  }

  /** The partition of all leases. */
  get leases(): string {
    return joinKey(this.#prefix, 'instances');
  }

  lease(instance: string): ItemKey {
    return { pk: this.leases, sk: instance };
  }

  /** The partition of the rows of retired instances. */
  get retired(): string {
    return joinKey(this.#prefix, 'retired');
  }

  /** `at`: when it retired, in milliseconds: the first sort first. */
  retiredLease(instance: string, at: number): ItemKey {
    return { pk: this.retired, sk: joinKey(String(at).padStart(TIME_DIGITS, '0'), instance) };
  }

  /** Names the instance that looks after all leases. */
  get leader(): ItemKey {
    return { pk: joinKey(this.#prefix, 'janitor'), sk: 'leader' };
  }

  /** The fleet's doorbell keys. */
  get doorbellKeys(): ItemKey {
    return { pk: joinKey(this.#prefix, 'fleet'), sk: 'doorbell-keys' };
  }

  /** Index partitions of an owner's tasks. */
  ownerShards({ tenant, owner }: Scope): string[] {
    return Array.from({ length: this.#ownerShards }, (_, shard) =>
      joinKey(this.#prefix, 'O', tenant, owner, String(shard)),
    );
  }

  /** Index partition of the tasks of one context of an owner. */
  context({ tenant, owner }: Scope, contextId: string): string {
    // Clients choose context ids: a hash keeps the key short, whatever they choose.
    return joinKey(this.#prefix, 'C', tenant, owner, hash(contextId));
  }

  /** The attributes of a head that the indexes hold. */
  headIndex(key: TaskKey, head: TaskHead): { opk: string; ssk: string; cpk: string } {
    const shard = hashNumber(key.taskId) % this.#ownerShards;
    return {
      opk: this.ownerShards(key)[shard] ?? '',
      ssk: timeText(head.latest),
      cpk: this.context(key, head.contextId),
    };
  }
}

/** The id of the task whose partition this is. */
export function taskIdOf(partition: string): string {
  return unescapeKeyPart(partition.slice(partition.lastIndexOf('#') + 1));
}

/** A text that sorts as times do: milliseconds since the epoch, zero padded. */
export function timeText(ms: number): string {
  return String(ms).padStart(TIME_DIGITS, '0');
}

function hash(text: string): string {
  // Not UTF-8: that has one form for all halves of characters.
  return createHash('sha256').update(text, 'utf16le').digest('base64url');
}

function hashNumber(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0);
}
