import { NO_FAULTS, SOME_FAULTS } from '@a2a-aws/testkit/fakes';
import { plainScript } from '../script.ts';
import { isHead, isSnapshotRead, sortKey } from './calls.ts';
import { DOORBELL_DEAD, type Scenario } from './scenario.ts';

/** Heads, snapshots and large events, written late or in pieces. */
export const LOGS: readonly Scenario[] = [
  // A head is written late, after its successor.
  {
    rates: NO_FAULTS,
    play: async (driver) => {
      const late = driver.random.whole(1_000, 4_000);
      driver.setCallOutcome(isHead, { acts: [late], answers: 50, fails: 'time-out' });
      driver.send(plainScript('COMPLETED', { chunks: 1, gapMs: 500 }));
    },
  },
  // All frequent readers of a log write snapshots while others begin to read it.
  {
    rates: DOORBELL_DEAD,
    endMs: 460_000,
    restMs: 330_000,
    play: async (driver) => {
      const first = plainScript('INPUT_REQUIRED', { chunks: 1 });
      const sent = driver.send(first, { messageId: 'sent-twice' });
      const taskId = await driver.task(sent);
      await driver.until(() => sent.outcome === 'done');
      // With several pieces, a reader may ask for one after it was replaced.
      const dense = driver.random.percent(30);
      driver.setCallOutcome(isSnapshotRead, { acts: [2_000], answers: 2_010 }, 20);
      const size = dense
        ? { chunks: 13, padding: 420_000, dense }
        : { chunks: driver.random.whole(6, 8), padding: 180_000 };
      const big = { ...size, gapMs: 400, replaces: true };
      const long = driver.send(plainScript('HANGS', big), { taskId, mode: 'immediate' });
      const avoid = await driver.runner(long);
      for (let n = dense ? 3 : 0; n < 3; n += 1)
        driver.subscribe(taskId, { avoid, slowMs: n * 500 });
      for (let n = 0; n < 14; n += 1) {
        driver.read(taskId, { avoid });
        await driver.sleep(driver.random.whole(10, 600));
        if (n === 12) driver.send(first, { messageId: 'sent-twice', mode: 'blocking', avoid });
      }
    },
  },
  // An event takes several items, and its writer dies or is paused between them.
  {
    rates: SOME_FAULTS,
    play: async (driver) => {
      const dense = { chunks: 3, gapMs: 300, padding: 700_000, dense: true } as const;
      const sent = driver.send(plainScript('COMPLETED', dense));
      const taskId = await driver.task(sent);
      driver.subscribe(taskId);
      let left = driver.random.whole(1, 5);
      const { point, ms } = {
        point: driver.random.pick(['before', 'after'] as const),
        ms: driver.random.pick([0, 5_000, 30_000]),
      };
      driver.fleet.onPoint = (process, at, _, input) => {
        if (at !== point || !sortKey(input).startsWith('xpart#')) return;
        left -= 1;
        if (left !== 0) return;
        if (ms === 0) driver.crash(process);
        else driver.pause(process, ms);
      };
      await driver.sleep(driver.random.whole(200, 3_000));
      driver.read(taskId);
    },
  },
  // A snapshot is replaced while it is read, once by a GetTask and once by a repeated first message.
  {
    rates: NO_FAULTS,
    play: async (driver) => {
      const big = { chunks: 20, gapMs: 300, padding: 180_000, dense: true, replaces: true };
      const message = { messageId: 'sent-twice', mode: 'immediate' } as const;
      const sent = driver.send(plainScript('HANGS', big), message);
      const taskId = await driver.task(sent);
      const avoid = await driver.runner(sent);
      await driver.written('snap#');
      await driver.sleep(driver.random.whole(50, 500));
      driver.setCallOutcome(isSnapshotRead, { acts: [4_000], answers: 4_010 }, 3);
      driver.read(taskId, { avoid });
      driver.send(plainScript('HANGS', big), { ...message, avoid });
    },
  },
  // Two instances that run a task write a snapshot of it up to the same slot.
  {
    rates: NO_FAULTS,
    endMs: 460_000,
    restMs: 330_000,
    play: async (driver) => {
      const sent = driver.send(plainScript('HANGS'), { mode: 'immediate' });
      const taskId = await driver.task(sent);
      const avoid = await driver.runner(sent);
      const big = { chunks: 6, gapMs: 300, padding: 180_000, replaces: true };
      driver.send(plainScript('HANGS', big), { taskId, mode: 'immediate', avoid });
    },
  },
];
