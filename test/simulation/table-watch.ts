import { inflateRawSync } from 'node:zlib';
import type { LogRecord } from '@a2a-aws/core';
import { joinKey, parseBody, parseSlot, slotText, taskKeyHash } from '@a2a-aws/core/internal';
import { type FakeAws, type FakeTable, type FakeWrite, fromStored } from '@a2a-aws/testkit/fakes';
import { ExpectedTask, type Violate } from './expected-task.ts';
import { PREFIX } from './server.ts';

/** Every text that an impostor forges contains this. */
export const FORGED = 'forged by an impostor';

/**
 * An instance must have been silent for this long before another may declare it dead, in milliseconds:
 * the lease minus one heartbeat, because a late write may set the counter back to a value seen before.
 */
const SILENT_MS = 14_000;

const INTENTS = `${PREFIX}#I#`;

interface LeaseHistory {
  /** When the heartbeat counter last changed; milliseconds. */
  beatAt: number;
  beat: number;
  state: string;
  removed: boolean;
  /** The queue that it names; undefined if the lease came with a copy of the table. */
  queueName: string | undefined;
}

interface StoredRecord {
  readonly id: string;
  readonly by: string;
  readonly at: number;
  readonly e?: string;
  readonly z?: Uint8Array;
  readonly x?: number;
  readonly xz?: boolean;
}

/** Checks every write to one table when it happens. */
export class TableWatch {
  /** Every task's log, by partition. */
  readonly tasks: Map<string, ExpectedTask> = new Map();
  readonly leases: Map<string, LeaseHistory> = new Map();
  /** Instances that others declared dead. */
  readonly declaredDead: Set<string> = new Set();
  /** Runs that were declared when their instance was dead. */
  readonly #lateIntents = new Set<string>();
  /** The process name of each instance. */
  readonly #homes = new Map<string, string>();
  readonly #aws: () => FakeAws;
  readonly #name: string;
  readonly #now: () => number;
  readonly #violate: Violate;
  /** Called with the writer's process after each important write. */
  onWrite: (caller: string, sk: string) => void = () => {};

  /** `name`: of the table. */
  constructor(aws: () => FakeAws, name: string, now: () => number, violate: Violate) {
    this.#aws = aws;
    this.#name = name;
    this.#now = now;
    this.#violate = violate;
  }

  readonly onWritten = ({ caller, table, before, after }: FakeWrite): void => {
    if (table !== this.#name) return;
    const pk = (after ?? before)?.pk?.S ?? '';
    const sk = (after ?? before)?.sk?.S ?? '';
    if (sk.startsWith('event#')) this.#onRecord(pk, sk, before, after);
    else if (pk.endsWith('#instances')) this.#onLease(caller, sk, before, after);
    else if (pk.startsWith(INTENTS) && sk.startsWith('run#')) {
      if (after) this.#onIntent(pk.slice(INTENTS.length), after);
      else if (before) this.#onIntentDone(before);
    }
    this.onWrite(caller, sk);
  };

  /** Accepts the items of a copied table: its logs, and leases whose instances write elsewhere. */
  adopt(): void {
    const now = this.#now();
    for (const item of this.#table.items()) {
      const { pk, sk } = { pk: item.pk?.S ?? '', sk: item.sk?.S ?? '' };
      if (pk.endsWith('#instances')) {
        const [beat, state] = [Number(item.beat?.N), item.state?.S ?? ''];
        this.leases.set(sk, { beat, beatAt: now, state, removed: false, queueName: undefined });
      }
      if (!sk.startsWith('event#')) continue;
      const record = this.#record(pk, sk, fromStored(item) as unknown as StoredRecord);
      this.#expected(pk).append(record, now);
    }
  }

  /** Returns the instance whose live lease, written to this table, names the queue. */
  listener(queue: string): string | undefined {
    const found = [...this.leases].find(
      ([, { state, removed, queueName }]) => queueName === queue && state === 'alive' && !removed,
    );
    return found?.[0];
  }

  /** Returns the name of an instance's process. */
  home(instance: string): string | undefined {
    return this.#homes.get(instance);
  }

  /** Returns the expected state of a task; undefined before its first record is written. */
  task(pk: string): ExpectedTask | undefined {
    return this.tasks.get(pk);
  }

  #onRecord(pk: string, sk: string, before: FakeWrite['before'], after: FakeWrite['after']): void {
    if (!after) {
      this.#violate('I1', `${pk}: the record ${sk} was removed`);
      return;
    }
    if (before) {
      const same = before.id?.S === after.id?.S;
      if (!same) this.#violate('I1', `${pk}: the record ${sk} was overwritten`);
      return;
    }
    const expected = this.#expected(pk);
    const record = this.#record(pk, sk, fromStored(after) as unknown as StoredRecord);
    if (record.body.includes(FORGED)) this.#violate('I2', `${pk}: forged content is in the log`);
    const lease = this.leases.get(record.instance);
    if (lease?.removed) {
      this.#violate('I5', `${pk}: ${record.instance} appends after it was cleaned up`);
    }
    this.#checkIntent(record, expected);
    expected.append(record, this.#now());
  }

  #expected(pk: string): ExpectedTask {
    const known = this.tasks.get(pk);
    if (known) return known;
    const expected = new ExpectedTask(pk, this.#violate);
    this.tasks.set(pk, expected);
    return expected;
  }

  /** Checks that an instance that appends has recorded an intent before, and was not dead then. */
  #checkIntent({ instance, entries }: LogRecord, expected: ExpectedTask): void {
    const [, , tenant = '', owner = '', taskId = ''] = expected.name.split('#');
    const hash = taskKeyHash({ tenant, owner, taskId });
    const rows = this.#table.partitions.get(INTENTS + instance);
    const row = rows?.at(rows.place(`run#${hash}#`));
    // A draining instance fences itself through rows that its runs may have removed since: harmless.
    const retires = entries.every((entry) => entry.kind === 'fence' && entry.instance === instance);
    if (!retires && !row?.key.startsWith(`run#${hash}#`)) {
      this.#violate('I7', `${expected.name}: ${instance} appends, and no row of it says so`);
    }
    for (const entry of entries) {
      if (entry.kind === 'start' && this.#lateIntents.has(entry.run)) {
        this.#violate(
          'I5',
          `${expected.name}: ${instance} takes new work after it was declared dead`,
        );
      }
    }
  }

  #onIntent(instance: string, row: NonNullable<FakeWrite['after']>): void {
    if (this.leases.get(instance)?.state === 'dead') this.#lateIntents.add(row.run?.S ?? '');
  }

  /** Checks that an intent is removed only when the head has the last status of its run. */
  #onIntentDone(row: NonNullable<FakeWrite['before']>): void {
    const [tenant, owner, taskId] = [row.tenant, row.owner, row.taskId].map((one) => one?.S ?? '');
    const pk = joinKey(PREFIX, 'T', tenant ?? '', owner ?? '', taskId ?? '');
    const expected = this.tasks.get(pk);
    const run = expected?.runs.get(row.run?.S ?? '');
    const slot = run && expected?.records[run.statusAt]?.slot;
    if (!slot) return;
    const head = this.#table.get({ partition: pk, sort: 'task' })?.slot?.S ?? '';
    if (head < slotText(slot)) {
      this.#violate('head', `${pk}: a row is gone before the head says what its run said`);
    }
  }

  get #table(): FakeTable {
    const table = this.#aws().dynamodb.tables.get(this.#name);
    if (!table) throw new Error('There is no table.');
    return table;
  }

  #onLease(
    caller: string,
    instance: string,
    before: FakeWrite['before'],
    after: FakeWrite['after'],
  ): void {
    const known = this.leases.get(instance);
    const now = this.#now();
    if (!after) {
      if (known) known.removed = true;
      return;
    }
    const state = after.state?.S ?? '';
    const beat = Number(after.beat?.N);
    if (!known) {
      this.#homes.set(instance, caller);
      const queueName = after.queueName?.S;
      this.leases.set(instance, { beatAt: now, beat, state, removed: false, queueName });
      return;
    }
    if (this.#homes.has(instance)) known.queueName = after.queueName?.S;
    if (known.removed || !before) {
      this.#violate('I7', `the lease of ${instance} came back`);
      known.removed = false;
    }
    if (before?.queueUrl && !after.queueUrl && before.queueName?.S === after.queueName?.S) {
      this.#violate('I7', `the lease of ${instance} was overwritten`);
    }
    if (known.state === 'dead' && state !== 'dead') {
      this.#violate('I5', `${instance} was dead and is alive again`);
    }
    if (beat !== known.beat) Object.assign(known, { beat, beatAt: now });
    if (known.state === 'alive' && state === 'dead' && this.#homes.get(instance) !== caller) {
      this.declaredDead.add(instance);
      const silent = now - known.beatAt;
      if (silent < SILENT_MS) {
        this.#violate('I5', `${instance} was declared dead ${silent} ms after a beat`);
      }
    }
    known.state = state;
  }

  #record(pk: string, sk: string, item: StoredRecord): LogRecord {
    const slot = parseSlot(sk.slice('event#'.length));
    if (!slot) throw new Error(`${sk} is no slot.`);
    let body = item.e ?? '';
    if (item.z) body = inflateRawSync(item.z).toString();
    if (item.x !== undefined) {
      const whole = Buffer.concat(this.#parts(pk, item.id, item.x));
      body = item.xz ? inflateRawSync(whole).toString() : whole.toString();
    }
    const { id, by: instance, at: time } = item;
    return { id, instance, time, slot, entries: parseBody(body), body };
  }

  #parts(pk: string, id: string, count: number): Uint8Array[] {
    const table = this.#table;
    return Array.from({ length: count }, (_, at) => {
      const sort = `xpart#${id}#${String(at).padStart(4, '0')}`;
      const part = table.get({ partition: pk, sort })?.b?.B;
      if (!part) throw new Error(`${pk}: the piece ${sort} is missing.`);
      return part;
    });
  }
}
