import type { TaskLog } from '@a2a-aws/core/internal';
import { beforeEach, describe, expect, test } from 'vitest';
import { noise } from '../sample-log.ts';
import { chunk, chunkIds } from './sample-events.ts';
import { expectDense, type TaskLogRig } from './task-log-rig.ts';
import { unsure } from './unsure-storage.ts';

/** Appends of one writer, and of several at once. */
export function appends(current: () => TaskLogRig): void {
  describe('appends', () => {
    let rig: TaskLogRig;

    beforeEach(() => {
      rig = current();
    });

    test('[I1] [I2] events that every reader finds in this order, several in a record', async () => {
      const log = await rig.running();
      const ids = Array.from({ length: 40 }, (_, n) => `chunk-${n}`);
      const outcomes = await Promise.all(ids.map((id) => rig.publish(log, 'a', chunk(id))));
      expect(outcomes.map((one) => 'appended' in one && one.generation)).toEqual(
        ids.map((_, n) => n + 2),
      );
      const all = await rig.records();
      expectDense(all);
      expect(chunkIds(all)).toEqual(ids);
      // The start, the Task, and then the events that came while a record was written.
      expect(all.length).toBeLessThanOrEqual(4);
      const reader = await rig.read();
      expect(reader.state).toEqual(log.state);
      expect(reader.task()).toEqual(log.task());
    });

    test('an event of megabytes, between other events', async () => {
      const log = await rig.running();
      const text = noise('large', 3_000_000);
      await Promise.all([
        rig.publish(log, 'a', chunk('before')),
        rig.publish(log, 'a', chunk('large', text)),
        rig.publish(log, 'a', chunk('after')),
      ]);
      const task = (await rig.read()).task();
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
    let rig: TaskLogRig;

    beforeEach(() => {
      rig = current();
    });

    test('in turn: a writer that was overtaken folds the other record first, then continues', async () => {
      const one = await rig.running('a');
      const other = await rig.running('b');
      await rig.publish(one, 'a', chunk('first'));
      await rig.publish(other, 'b', chunk('second'));
      await rig.publish(one, 'a', chunk('third'));
      expect(chunkIds(await rig.records())).toEqual(['first', 'second', 'third']);
      expect(chunkIds(await rig.records())).toEqual(
        one.task()?.artifacts.map(({ artifactId }) => artifactId),
      );
    });

    test('at once, with lost answers: every writer sees each entry once', async () => {
      const writers = ['a', 'b', 'c'];
      const logs: TaskLog[] = [];
      for (const [n, writer] of writers.entries()) {
        logs.push(await rig.running(writer, unsure(rig.storage, n + 2)));
      }
      const ids = writers.map((writer) => Array.from({ length: 8 }, (_, n) => `${writer}-${n}`));
      await Promise.all(
        logs.map(async (log, n) => {
          for (const id of ids[n] ?? []) {
            const outcome = await rig.publish(log, writers[n] ?? '', chunk('all', id, true));
            expect(outcome).toHaveProperty('appended');
          }
        }),
      );
      const all = await rig.records();
      expectDense(all);
      const texts = (await rig.read())
        .task()
        ?.artifacts[0]?.parts.map(({ content }) => content?.value);
      // Each event is there once, the events of one writer in the order of writing.
      expect(texts?.toSorted()).toEqual(ids.flat().sort());
      for (const own of ids) expect(texts?.filter((text) => own.includes(`${text}`))).toEqual(own);
      for (const log of logs) {
        await log.refresh();
        expect(log.state).toEqual((await rig.read()).state);
        expect(log.task()).toEqual((await rig.read()).task());
      }
    });
  });
}
