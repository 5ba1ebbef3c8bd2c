import {
  BackendError,
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
  encode,
  encodeSnapshot,
  FIRST_SLOT,
  inOneGo,
  nextSlot,
  proposeCancel,
  proposeDelete,
  proposeEnd,
  proposeEvent,
  proposeFence,
  proposeStart,
  TaskLog,
  taskHead,
} from '@a2a-aws/core/internal';
import { TaskArtifactUpdateEvent, TaskState, TaskStatusUpdateEvent } from '@a2a-js/sdk';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LogStorageUnderTest } from './log-storage/log-storage-under-test.ts';
import { collect, loadWhole, noise } from './sample-log.ts';
import { artifactOf, messageOf, taskOf, textPart } from './task-store/sample-tasks.ts';

const KEY: TaskKey = { tenant: 'tenant', owner: 'owner', taskId: 'task-1' };
const COMPLETED = TaskState.TASK_STATE_COMPLETED;
const FAILED = TaskState.TASK_STATE_FAILED;
const INPUT_REQUIRED = TaskState.TASK_STATE_INPUT_REQUIRED;

const opening: TaskEvent = { kind: 'task', data: { ...taskOf('task-1'), history: [] } };

const status = (state: TaskState): TaskEvent => ({
  kind: 'statusUpdate',
  data: {
    ...TaskStatusUpdateEvent.fromJSON({ taskId: 'task-1', contextId: 'context-1' }),
    status: { state, message: undefined, timestamp: '2026-01-01T00:00:00.000Z' },
  },
});

const chunk = (artifactId: string, text = artifactId, append = false): TaskEvent => ({
  kind: 'artifactUpdate',
  data: {
    ...TaskArtifactUpdateEvent.fromJSON({ taskId: 'task-1', contextId: 'context-1' }),
    artifact: { ...artifactOf(artifactId), parts: [textPart(text)] },
    append,
  },
});

/** The artifact ids of the chunks in a log, in its order. */
const chunkIds = (records: readonly LogRecord[]): string[] =>
  records
    .flatMap(({ entries }) => entries)
    .flatMap((entry) =>
      entry.kind === 'event' && entry.event.kind === 'artifactUpdate'
        ? (entry.event.data.artifact?.artifactId ?? [])
        : [],
    );

const authorOf = (instance: string): Author => ({
  instance,
  taskId: KEY.taskId,
  stamp: { id: () => systemEntropy.id(), timestamp: () => new Date().toISOString() },
});

/** A storage of which every `nth` put is carried out, and has no answer. */
function unsure(storage: LogStorage, nth: number): LogStorage {
  let puts = 0;
  return new Proxy(storage, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      if (name !== 'putRecord') return member.bind(target);
      return async (...args: Parameters<LogStorage['putRecord']>) => {
        const outcome = await target.putRecord(...args);
        puts += 1;
        if (puts % nth === 0) throw new BackendError('unreachable', 'No answer.');
        return outcome;
      };
    },
  });
}

/**
 * The promises of the core's `TaskLog` on any storage, as tests of whatever `factory` makes: order,
 * seal and fence rest on nothing but the storage's one conditional write.
 */
export function taskLogSuite(name: string, factory: () => Promise<LogStorageUnderTest>): void {
  describe(`a TaskLog on ${name}`, () => {
    let subject: LogStorageUnderTest;
    let storage: LogStorage;
    let later: number;

    beforeEach(async () => {
      subject = await factory();
      storage = subject.storage;
      later = 0;
    });

    afterEach(() => subject.dispose());

    const open = (instance: string, on = storage): TaskLog =>
      new TaskLog(KEY, {
        storage: on,
        instance,
        clock: { now: () => systemClock.now() + later, after: systemClock.after },
        entropy: systemEntropy,
        logger: silentLogger,
        retentionMs: DEFAULT_RETENTION_MS,
        signal: new AbortController().signal,
      });
    const start = (log: TaskLog, instance: string, message = `to-${instance}`): Promise<Appended> =>
      log.append(
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
    const say = (log: TaskLog, instance: string, event: TaskEvent): Promise<Appended> => {
      const encoded = encode({ kind: 'event', run: `run-${instance}`, event });
      const proposal = proposeEvent(authorOf(instance), `run-${instance}`, encoded);
      return log.append(proposal, encoded.bytes);
    };
    /** A log on which a run of this instance works. */
    const running = async (instance = 'a', on = storage): Promise<TaskLog> => {
      const log = open(instance, on);
      await log.refresh();
      await start(log, instance);
      if (!log.state.hasTask) await say(log, instance, opening);
      return log;
    };
    const read = async (): Promise<TaskLog> => {
      const log = open('reader');
      await log.refresh();
      return log;
    };
    const records = (): Promise<LogRecord[]> => collect(storage.readRecords(KEY, FIRST_SLOT));
    const expectDense = (all: readonly LogRecord[]): void => {
      let slot: Slot = FIRST_SLOT;
      for (const record of all) {
        expect(record.slot).toEqual(slot);
        slot = nextSlot(slot, record.entries.filter(({ kind }) => kind === 'event').length);
      }
    };

    describe('appends', () => {
      test('[I1] [I2] what every reader then finds, in this order, group by group', async () => {
        const log = await running();
        const ids = Array.from({ length: 40 }, (_, n) => `chunk-${n}`);
        const outcomes = await Promise.all(ids.map((id) => say(log, 'a', chunk(id))));
        expect(outcomes.map((one) => 'appended' in one && one.generation)).toEqual(
          ids.map((_, n) => n + 2),
        );
        const all = await records();
        expectDense(all);
        expect(chunkIds(all)).toEqual(ids);
        // Start, Task, and what comes while a record is being written together in the next.
        expect(all.length).toBeLessThanOrEqual(4);
        const reader = await read();
        expect(reader.state).toEqual(log.state);
        expect(reader.task()).toEqual(log.task());
      });

      test('an event of megabytes, with others around it', async () => {
        const log = await running();
        const text = noise('large', 3_000_000);
        await Promise.all([
          say(log, 'a', chunk('before')),
          say(log, 'a', chunk('large', text)),
          say(log, 'a', chunk('after')),
        ]);
        const task = (await read()).task();
        expect(task?.artifacts.map(({ artifactId }) => artifactId)).toEqual([
          'before',
          'large',
          'after',
        ]);
        // Not the text itself: a failure would print megabytes.
        expect(task?.artifacts[1]?.parts[0]?.content?.value === text).toBe(true);
      });
    });

    describe('[I1] several writers', () => {
      test('behind one another: who was overtaken folds that first, and goes on', async () => {
        const one = await running('a');
        const other = await running('b');
        await say(one, 'a', chunk('first'));
        await say(other, 'b', chunk('second'));
        await say(one, 'a', chunk('third'));
        expect(chunkIds(await records())).toEqual(['first', 'second', 'third']);
        expect(chunkIds(await records())).toEqual(
          one.task()?.artifacts.map(({ artifactId }) => artifactId),
        );
      });

      test('at once, with answers that get lost: each entry once, for all the same', async () => {
        const writers = ['a', 'b', 'c'];
        const logs: TaskLog[] = [];
        for (const [n, writer] of writers.entries()) {
          logs.push(await running(writer, unsure(storage, n + 2)));
        }
        const ids = writers.map((writer) => Array.from({ length: 8 }, (_, n) => `${writer}-${n}`));
        await Promise.all(
          logs.map(async (log, n) => {
            for (const id of ids[n] ?? []) {
              const said = await say(log, writers[n] ?? '', chunk('all', id, true));
              expect(said).toHaveProperty('appended');
            }
          }),
        );
        const all = await records();
        expectDense(all);
        const texts = (await read())
          .task()
          ?.artifacts[0]?.parts.map(({ content }) => content?.value);
        // Each once, each writer's own in the order of writing.
        expect(texts?.toSorted()).toEqual(ids.flat().sort());
        for (const own of ids)
          expect(texts?.filter((text) => own.includes(`${text}`))).toEqual(own);
        for (const log of logs) {
          await log.refresh();
          expect(log.state).toEqual((await read()).state);
          expect(log.task()).toEqual((await read()).task());
        }
      });
    });

    describe('refuses', () => {
      test('[I4] all but one of racing ends, and everything after', async () => {
        const writers = ['a', 'b', 'c'];
        const logs: TaskLog[] = [];
        for (const writer of writers) logs.push(await running(writer));
        const ends = await Promise.all(
          logs.map((log, n) => say(log, writers[n] ?? '', status(n === 0 ? COMPLETED : FAILED))),
        );
        expect(ends.filter((end) => 'appended' in end)).toHaveLength(1);
        expect(ends.filter((end) => 'refused' in end && end.refused === 'sealed')).toHaveLength(2);
        for (const [n, log] of logs.entries()) {
          expect(await say(log, writers[n] ?? '', chunk('late'))).toEqual({ refused: 'sealed' });
        }
        expect(await start(await read(), 'd')).toEqual({ refused: 'sealed' });
        expect(chunkIds(await records())).toEqual([]);
      });

      test('[I5] what a fenced instance says, whatever it has not read yet', async () => {
        const fenced = await running('a');
        const other = await running('b');
        await other.append(proposeFence(authorOf('b'), 'a'));
        expect(await say(fenced, 'a', chunk('late'))).toEqual({ refused: 'fenced' });
        expect(await start(fenced, 'a', 'again')).toEqual({ refused: 'fenced' });
        expect(await say(other, 'b', chunk('alive'))).toHaveProperty('appended');
        expect(chunkIds(await records())).toEqual(['alive']);
      });

      test('a message that has started a run, and any new one once cancel was asked for', async () => {
        const one = await running('a');
        const other = open('b');
        expect(await start(other, 'b', 'to-a')).toEqual({ refused: 'duplicate' });
        await one.append(proposeCancel(authorOf('a'), 'a'));
        expect(await start(other, 'b')).toEqual({ refused: 'cancelling' });
      });
    });

    describe('a snapshot', () => {
      const replaced = async (): Promise<TaskLog> => {
        const log = await running();
        for (let n = 0; n < 5; n += 1) await say(log, 'a', chunk('a', `version ${n}`));
        const head = taskHead(KEY, log.state);
        if (head) await storage.putHead(KEY, head);
        return log;
      };
      const put = async (log: TaskLog, id: string): Promise<void> => {
        const snapshot = { id, slot: log.state.next, text: inOneGo(encodeSnapshot(log.content())) };
        const { obsolete } = await storage.putSnapshot(KEY, snapshot, systemClock.now());
        if (obsolete) await storage.dropSnapshot(KEY, obsolete);
      };

      test('is as good to a reader as all that it takes the place of', async () => {
        const log = await replaced();
        await put(log, 's1');
        expect((await loadWhole(storage, KEY)).records).toEqual([]);
        await say(log, 'a', chunk('b'));
        await put(log, 's2');
        await say(log, 'a', chunk('c'));
        const reader = await read();
        expect(reader.state).toEqual(log.state);
        expect(reader.task()).toEqual(log.task());
        expect(reader.generation).toBe(log.generation);
      });

      test('[I1] may be taken and appended to at the same time, by all', async () => {
        const log = await replaced();
        const other = await running('b');
        await Promise.all([
          put(log, 's1'),
          say(other, 'b', chunk('b')),
          put(other, 's2'),
          say(log, 'a', chunk('c')),
          read(),
        ]);
        await Promise.all([log.refresh(), other.refresh()]);
        const reader = await read();
        for (const handle of [log, other]) {
          expect(handle.state).toEqual(reader.state);
          expect(handle.task()).toEqual(reader.task());
        }
        expect(await say(reader, 'b', chunk('d'))).toHaveProperty('appended');
        expectDense(await records());
      });
    });

    describe('retention', () => {
      test('hides a task that has ended or waits, one retention after its last change', async () => {
        const log = await running();
        await say(log, 'a', status(INPUT_REQUIRED));
        await log.append(proposeEnd(authorOf('a'), 'run-a'));
        later = DEFAULT_RETENTION_MS - 60_000;
        expect((await read()).isExpired()).toBe(false);
        later = DEFAULT_RETENTION_MS + 60_000;
        expect((await read()).isExpired()).toBe(true);
        expect(log.isExpired()).toBe(true);
      });

      test('never hides one that is being worked on', async () => {
        await running();
        // Later still it has a snapshot.
        later = 1.5 * DEFAULT_RETENTION_MS;
        expect((await read()).isExpired()).toBe(false);
      });
    });

    describe('a deletion', () => {
      test('[I4] is the last of its log, also for who has not heard of it', async () => {
        const log = await running();
        const other = await running('b');
        expect(await log.append(proposeDelete())).toEqual({ refused: 'running' });
        await say(log, 'a', status(COMPLETED));
        expect(await log.append(proposeDelete())).toHaveProperty('appended');
        await storage.erase(KEY);
        expect(await say(other, 'b', chunk('late'))).toEqual({ refused: 'sealed' });
        const reader = await read();
        expect(reader.task()).toBeUndefined();
        expect(reader.isExpired()).toBe(true);
        expect(await start(reader, 'c')).toEqual({ refused: 'sealed' });
      });
    });
  });
}
