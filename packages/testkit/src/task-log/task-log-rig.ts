import {
  DEFAULT_RETENTION_MS,
  type LogRecord,
  type LogStorage,
  type Slot,
  silentLogger,
  systemClock,
  systemEntropy,
  type TaskEvent,
  type TaskKey,
} from '@a2a-aws/core';
import {
  type Appended,
  type Author,
  countEvents,
  encode,
  FIRST_SLOT,
  nextSlot,
  proposeEvent,
  proposeStart,
  TaskLog,
} from '@a2a-aws/core/internal';
import { expect } from 'vitest';
import { collect } from '../sample-log.ts';
import { messageOf } from '../task-store/sample-tasks.ts';
import { opening } from './sample-events.ts';

export const KEY: TaskKey = { tenant: 'tenant', owner: 'owner', taskId: 'task-1' };

/** Returns an instance as the author of entries. */
export function authorOf(instance: string): Author {
  return {
    instance,
    taskId: KEY.taskId,
    stamp: { id: () => systemEntropy.id(), timestamp: () => new Date().toISOString() },
  };
}

/** One log on the storage under test, as several instances see it. */
export class TaskLogRig {
  readonly storage: LogStorage;
  /** The instances' clocks are this many milliseconds ahead of the system clock. */
  laterMs = 0;

  constructor(storage: LogStorage) {
    this.storage = storage;
  }

  /** Returns the log on an instance that has not read it. */
  open(instance: string, storage: LogStorage = this.storage): TaskLog {
    return new TaskLog(KEY, {
      storage,
      instance,
      clock: { now: () => systemClock.now() + this.laterMs, after: systemClock.after },
      entropy: systemEntropy,
      logger: silentLogger,
      retentionMs: DEFAULT_RETENTION_MS,
      signal: new AbortController().signal,
    });
  }

  /** Appends the start of a run. */
  start(log: TaskLog, instance: string, message = `to-${instance}`): Promise<Appended> {
    return log.append(
      proposeStart(authorOf(instance), {
        kind: 'start',
        run: `run-${instance}`,
        attempt: 1,
        instance,
        contextId: 'context-1',
        message: messageOf(message),
        digest: message,
      }),
    );
  }

  /** Appends an event of an instance's run. */
  publish(log: TaskLog, instance: string, event: TaskEvent): Promise<Appended> {
    const encoded = encode({ kind: 'event', run: `run-${instance}`, event });
    const proposal = proposeEvent(authorOf(instance), `run-${instance}`, encoded);
    return log.append(proposal, encoded.bytes);
  }

  /** Resolves with the log on an instance that has an open run on it. */
  async running(instance = 'a', storage: LogStorage = this.storage): Promise<TaskLog> {
    const log = this.open(instance, storage);
    await log.refresh();
    await this.start(log, instance);
    if (!log.state.hasTask) await this.publish(log, instance, opening);
    return log;
  }

  /** Resolves with the log on an instance that has just read it. */
  async read(): Promise<TaskLog> {
    const log = this.open('reader');
    await log.refresh();
    return log;
  }

  /** Resolves with all stored records. */
  records(): Promise<LogRecord[]> {
    return collect(this.storage.readRecords(KEY, FIRST_SLOT));
  }
}

/** Expects that each record is at the slot that follows the record before it. */
export function expectDense(records: readonly LogRecord[]): void {
  let slot: Slot = FIRST_SLOT;
  for (const record of records) {
    expect(record.slot).toEqual(slot);
    slot = nextSlot(slot, countEvents(record.entries));
  }
}
