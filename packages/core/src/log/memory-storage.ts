import { joinKey, type Scope, type TaskKey, taskKeyText } from '../task-key.ts';
import type { LogRecord } from './record.ts';
import { compareSlots, type Slot, slotText } from './slot.ts';
import type { ListedTask, LogStorage, PutOutcome, TaskHead } from './storage.ts';

interface StoredTask {
  readonly scope: string;
  readonly records: Map<string, LogRecord>;
  head?: TaskHead;
}

/** Logs in this process' memory: for tests, and as the oracle of the conformance suite. */
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

  async load(key: TaskKey): Promise<LogRecord[]> {
    const stored = this.#tasks.get(taskKeyText(key));
    return stored ? inOrder(stored.records) : [];
  }

  async *readRecords(key: TaskKey, from: Slot): AsyncIterable<LogRecord> {
    for (const record of await this.load(key)) {
      if (compareSlots(record.slot, from) >= 0) yield record;
    }
  }

  async putHead(key: TaskKey, head: TaskHead): Promise<void> {
    const task = this.#task(key);
    if (!task.head || compareSlots(task.head.slot, head.slot) < 0) task.head = head;
  }

  async list(scope: Scope, contextId?: string): Promise<ListedTask[]> {
    const wanted = joinKey(scope.tenant, scope.owner);
    return [...this.#tasks.values()]
      .filter((task) => task.scope === wanted)
      .flatMap((task) => task.head ?? [])
      .filter((head) => contextId === undefined || head.contextId === contextId);
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

function inOrder(records: ReadonlyMap<string, LogRecord>): LogRecord[] {
  return [...records.values()].sort((a, b) => compareSlots(a.slot, b.slot));
}
