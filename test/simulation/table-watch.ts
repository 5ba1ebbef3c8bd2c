import { inflateRawSync } from 'node:zlib';
import { type LogRecord, parseBody, parseSlot } from '@a2a-aws/core';
import { type FakeAws, type FakeWrite, fromStored } from '@a2a-aws/testkit/fakes';
import { TaskTruth, type Violate } from './task-truth.ts';

/**
 * An instance must have been silent for so long before another may declare it dead, in milliseconds:
 * the lease, less a beat, since a late write may set the counter back to what was seen before.
 */
const SILENT_MS = 14_000;

interface LeaseHistory {
  /** When the beat last moved; milliseconds. */
  beatAt: number;
  beat: number;
  state: string;
  removed: boolean;
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

/** Judges every write to the table in the moment in which it takes place. */
export class TableWatch {
  /** Every task's log, by partition. */
  readonly tasks: Map<string, TaskTruth> = new Map();
  readonly leases: Map<string, LeaseHistory> = new Map();
  /** Instances that others declared dead. */
  readonly declaredDead: Set<string> = new Set();
  /** Which process an instance is a life of. */
  readonly #homes = new Map<string, string>();
  readonly #aws: () => FakeAws;
  readonly #now: () => number;
  readonly #violate: Violate;
  /** Called with the process that wrote, after each write that matters. */
  onWrite: (caller: string, sk: string) => void = () => {};

  constructor(aws: () => FakeAws, now: () => number, violate: Violate) {
    this.#aws = aws;
    this.#now = now;
    this.#violate = violate;
  }

  readonly onWritten = ({ caller, before, after }: FakeWrite): void => {
    const pk = (after ?? before)?.pk?.S ?? '';
    const sk = (after ?? before)?.sk?.S ?? '';
    if (sk.startsWith('event#')) this.#onRecord(pk, sk, before, after);
    else if (pk.endsWith('#instances')) this.#onLease(caller, sk, before, after);
    this.onWrite(caller, sk);
  };

  /** The truth of a task's log, from when its first record was written. */
  task(pk: string): TaskTruth | undefined {
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
    let truth = this.tasks.get(pk);
    if (!truth) {
      truth = new TaskTruth(pk, this.#violate);
      this.tasks.set(pk, truth);
    }
    const record = this.#record(pk, sk, fromStored(after) as unknown as StoredRecord);
    const lease = this.leases.get(record.instance);
    if (lease?.removed) {
      this.#violate('I5', `${pk}: ${record.instance} appends after it was cleaned up`);
    }
    truth.append(record, this.#now());
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
      this.leases.set(instance, { beatAt: now, beat, state, removed: false });
      return;
    }
    if (known.removed || !before) {
      this.#violate('I7', `the lease of ${instance} came back`);
      known.removed = false;
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
    const [table] = this.#aws().dynamodb.tables.values();
    return Array.from({ length: count }, (_, at) => {
      const sort = `xpart#${id}#${String(at).padStart(4, '0')}`;
      const part = table?.get({ partition: pk, sort })?.b?.B;
      if (!part) throw new Error(`${pk}: the piece ${sort} is missing.`);
      return part;
    });
  }
}
