import { systemClock } from '@a2a-aws/core';
import { encodeSnapshot, inOneGo, type TaskLog, taskHead } from '@a2a-aws/core/internal';
import { beforeEach, describe, expect, test } from 'vitest';
import { loadWhole } from '../sample-log.ts';
import { chunk } from './sample-events.ts';
import { expectDense, KEY, type TaskLogRig } from './task-log-rig.ts';

/** Snapshots of a log that continues to grow. */
export function snapshots(current: () => TaskLogRig): void {
  describe('a snapshot', () => {
    let rig: TaskLogRig;

    beforeEach(() => {
      rig = current();
    });

    const replaced = async (): Promise<TaskLog> => {
      const log = await rig.running();
      for (let n = 0; n < 5; n += 1) await rig.publish(log, 'a', chunk('a', `version ${n}`));
      const head = taskHead(KEY, log.state);
      if (head) await rig.storage.putHead(KEY, head);
      return log;
    };
    const put = async (log: TaskLog, id: string): Promise<void> => {
      const snapshot = { id, slot: log.state.next, text: inOneGo(encodeSnapshot(log.content())) };
      const { obsolete } = await rig.storage.putSnapshot(KEY, snapshot, systemClock.now());
      if (obsolete) await rig.storage.dropSnapshot(KEY, obsolete);
    };

    test('gives a reader the same state as the records that it replaces', async () => {
      const log = await replaced();
      await put(log, 's1');
      expect((await loadWhole(rig.storage, KEY)).records).toEqual([]);
      await rig.publish(log, 'a', chunk('b'));
      await put(log, 's2');
      await rig.publish(log, 'a', chunk('c'));
      const reader = await rig.read();
      expect(reader.state).toEqual(log.state);
      expect(reader.task()).toEqual(log.task());
      expect(reader.generation).toBe(log.generation);
    });

    test('[I1] may be written while several writers append', async () => {
      const log = await replaced();
      const other = await rig.running('b');
      await Promise.all([
        put(log, 's1'),
        rig.publish(other, 'b', chunk('b')),
        put(other, 's2'),
        rig.publish(log, 'a', chunk('c')),
        rig.read(),
      ]);
      await Promise.all([log.refresh(), other.refresh()]);
      const reader = await rig.read();
      for (const handle of [log, other]) {
        expect(handle.state).toEqual(reader.state);
        expect(handle.task()).toEqual(reader.task());
      }
      expect(await rig.publish(reader, 'b', chunk('d'))).toHaveProperty('appended');
      expectDense(await rig.records());
    });
  });
}
