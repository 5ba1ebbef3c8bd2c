import type { Generation } from '../model/generation.ts';
import { type ListFilter, passes } from '../model/list-filter.ts';
import type { ListedTask, TaskHead } from '../model/listed-task.ts';
import { encode, holds, type LogRecord, recordBody } from '../model/record.ts';
import { compareSlots, FIRST_SLOT, type Slot, slotText } from '../model/slot.ts';
import type { Snapshot } from '../model/stored-snapshot.ts';
import type { LogStorage, PutOutcome, SnapshotOutcome, StoredLog } from '../ports/log-storage.ts';
import { joinKey, type Scope, type TaskKey, taskKeyText } from '../task-key.ts';

interface StoredTask {
  readonly scope: string;
  readonly records: Map<string, LogRecord>;
  head?: TaskHead;
  snapshot?: Snapshot;
  snapshotAt?: number;
  erased?: true;
}

/** The body of an erased record. */
const ERASED_BODY = recordBody([encode({ kind: 'deleted' })]);

/** A {@link LogStorage} in the memory of this process: for tests, and as the suite's oracle. */
export class MemoryLogStorage implements LogStorage {
  readonly #tasks = new Map<string, StoredTask>();

  async check(): Promise<void> {}

  async putRecord(key: TaskKey, record: LogRecord): Promise<PutOutcome> {
    const { records } = this.#task(key);
    const slot = slotText(record.slot);
    const taken = records.get(slot);
    if (taken) return { taken };
    records.set(slot, record);
    return { written: true };
  }

  async load(key: TaskKey): Promise<StoredLog> {
    const { head, snapshot } = this.#task(key);
    return {
      head,
      snapshot: snapshot && {
        id: snapshot.id,
        slot: snapshot.slot,
        bytes: Buffer.from(snapshot.text),
      },
      records: inTurn(this.#records(key, snapshot?.slot ?? FIRST_SLOT)),
    };
  }

  readRecords(key: TaskKey, from: Slot): AsyncIterable<LogRecord> {
    return inTurn(this.#records(key, from));
  }

  async findRecord(key: TaskKey, generation: Generation): Promise<LogRecord | undefined> {
    return [...this.#task(key).records.values()].find((record) => holds(record, generation));
  }

  async putSnapshot(key: TaskKey, snapshot: Snapshot, now: number): Promise<SnapshotOutcome> {
    const task = this.#task(key);
    const before = task.snapshot;
    if (before?.id === snapshot.id) return {};
    if (!task.head) return { obsolete: { ...snapshot, chunks: 1 } };
    const order = before ? compareSlots(snapshot.slot, before.slot) : 1;
    const isNewer = order > 0 || (order === 0 && now > (task.snapshotAt ?? 0));
    if (isNewer) Object.assign(task, { snapshot, snapshotAt: now });
    const obsolete = isNewer ? before : snapshot;
    return obsolete ? { obsolete: { ...obsolete, chunks: 1 } } : {};
  }

  async dropSnapshot(): Promise<void> {}

  async erase(key: TaskKey): Promise<void> {
    const task = this.#task(key);
    delete task.head;
    delete task.snapshot;
    task.erased = true;
    for (const [slot, record] of task.records) {
      task.records.set(slot, { ...record, entries: [{ kind: 'deleted' }], body: ERASED_BODY });
    }
  }

  async putHead(key: TaskKey, head: TaskHead): Promise<void> {
    const task = this.#task(key);
    if (task.erased) return;
    if (!task.head || compareSlots(task.head.slot, head.slot) < 0) task.head = head;
  }

  /** Removes every trace of the task. */
  forget(key: TaskKey): void {
    this.#tasks.delete(taskKeyText(key));
  }

  async list(scope: Scope, filter: ListFilter, each: (task: ListedTask) => void): Promise<void> {
    const wanted = joinKey(scope.tenant, scope.owner);
    const { contextId } = filter;
    for (const { scope: owner, head } of this.#tasks.values()) {
      const isListed = head && owner === wanted && passes(head, filter);
      if (isListed && (contextId === undefined || head.contextId === contextId)) each(head);
    }
  }

  #records(key: TaskKey, from: Slot): LogRecord[] {
    return [...this.#task(key).records.values()]
      .filter((record) => compareSlots(record.slot, from) >= 0)
      .sort((a, b) => compareSlots(a.slot, b.slot));
  }

  #task(key: TaskKey): StoredTask {
    const text = taskKeyText(key);
    let task = this.#tasks.get(text);
    if (!task) {
      task = { scope: joinKey(key.tenant, key.owner), records: new Map() };
      this.#tasks.set(text, task);
    }
    return task;
  }
}

async function* inTurn(records: readonly LogRecord[]): AsyncIterable<LogRecord> {
  yield* records;
}
