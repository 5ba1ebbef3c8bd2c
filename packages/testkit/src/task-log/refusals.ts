import { proposeCancel, proposeFence, type TaskLog } from '@a2a-aws/core/internal';
import { beforeEach, describe, expect, test } from 'vitest';
import { COMPLETED, chunk, chunkIds, FAILED, status } from './sample-events.ts';
import { authorOf, type TaskLogRig } from './task-log-rig.ts';

/** Appends that the state of the log forbids. */
export function refusals(current: () => TaskLogRig): void {
  describe('refuses', () => {
    let rig: TaskLogRig;

    beforeEach(() => {
      rig = current();
    });

    test('[I4] all but one of several simultaneous ends, and everything after it', async () => {
      const writers = ['a', 'b', 'c'];
      const logs: TaskLog[] = [];
      for (const writer of writers) logs.push(await rig.running(writer));
      const ends = await Promise.all(
        logs.map((log, n) =>
          rig.publish(log, writers[n] ?? '', status(n === 0 ? COMPLETED : FAILED)),
        ),
      );
      expect(ends.filter((end) => 'appended' in end)).toHaveLength(1);
      expect(ends.filter((end) => 'refused' in end && end.refused === 'sealed')).toHaveLength(2);
      for (const [n, log] of logs.entries()) {
        expect(await rig.publish(log, writers[n] ?? '', chunk('late'))).toEqual({
          refused: 'sealed',
        });
      }
      expect(await rig.start(await rig.read(), 'd')).toEqual({ refused: 'sealed' });
      expect(chunkIds(await rig.records())).toEqual([]);
    });

    test('[I5] the events of a fenced instance, even if it has not read the fence yet', async () => {
      const fenced = await rig.running('a');
      const other = await rig.running('b');
      await other.append(proposeFence(authorOf('b'), 'a'));
      expect(await rig.publish(fenced, 'a', chunk('late'))).toEqual({ refused: 'fenced' });
      expect(await rig.start(fenced, 'a', 'again')).toEqual({ refused: 'fenced' });
      expect(await rig.publish(other, 'b', chunk('alive'))).toHaveProperty('appended');
      expect(chunkIds(await rig.records())).toEqual(['alive']);
    });

    test('a message that has started a run, and every new message after a cancel request', async () => {
      const one = await rig.running('a');
      const other = rig.open('b');
      expect(await rig.start(other, 'b', 'to-a')).toEqual({ refused: 'duplicate' });
      await one.append(proposeCancel(authorOf('a'), 'a'));
      expect(await rig.start(other, 'b')).toEqual({ refused: 'cancelling' });
    });
  });
}
