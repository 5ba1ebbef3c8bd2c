import { DEFAULT_RETENTION_MS } from '@a2a-aws/core';
import { proposeDelete, proposeEnd } from '@a2a-aws/core/internal';
import { beforeEach, describe, expect, test } from 'vitest';
import { COMPLETED, chunk, INPUT_REQUIRED, status } from './sample-events.ts';
import { authorOf, KEY, type TaskLogRig } from './task-log-rig.ts';

/** The end of a log: its retention, or its deletion. */
export function retention(current: () => TaskLogRig): void {
  describe('retention', () => {
    let rig: TaskLogRig;

    beforeEach(() => {
      rig = current();
    });

    test('hides a task that has ended or waits, one retention period after its last change', async () => {
      const log = await rig.running();
      await rig.publish(log, 'a', status(INPUT_REQUIRED));
      await log.append(proposeEnd(authorOf('a'), 'run-a'));
      rig.laterMs = DEFAULT_RETENTION_MS - 60_000;
      expect((await rig.read()).isExpired()).toBe(false);
      rig.laterMs = DEFAULT_RETENTION_MS + 60_000;
      expect((await rig.read()).isExpired()).toBe(true);
      expect(log.isExpired()).toBe(true);
    });

    test('never hides a task with an open run', async () => {
      await rig.running();
      // A task with an open run has a snapshot before this time.
      rig.laterMs = 1.5 * DEFAULT_RETENTION_MS;
      expect((await rig.read()).isExpired()).toBe(false);
    });
  });

  describe('a deletion', () => {
    let rig: TaskLogRig;

    beforeEach(() => {
      rig = current();
    });

    test('[I4] is the last entry of its log, also for an instance that has not read it', async () => {
      const log = await rig.running();
      const other = await rig.running('b');
      expect(await log.append(proposeDelete())).toEqual({ refused: 'running' });
      await rig.publish(log, 'a', status(COMPLETED));
      expect(await log.append(proposeDelete())).toHaveProperty('appended');
      await rig.storage.erase(KEY);
      expect(await rig.publish(other, 'b', chunk('late'))).toEqual({ refused: 'sealed' });
      const reader = await rig.read();
      expect(reader.task()).toBeUndefined();
      expect(reader.isExpired()).toBe(true);
      expect(await rig.start(reader, 'c')).toEqual({ refused: 'sealed' });
    });
  });
}
