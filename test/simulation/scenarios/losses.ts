import { NO_FAULTS } from '@a2a-aws/testkit/fakes';
import { plainScript } from '../script.ts';
import { isHead, isRecordsQuery, LOST, sortKey } from './calls.ts';
import { DOORBELL_DEAD, type Scenario } from './scenario.ts';

/** Longer than the clean-up after a dead instance; milliseconds. */
const CLEANED_MS = 50_000;

/** An instance dies with a run of a task. */
export const LOSSES: readonly Scenario[] = [
  // The janitor that ended the run cannot write the head for a while, and dies after its first row.
  {
    rates: NO_FAULTS,
    onOrphan: 'fail',
    play: async (driver) => {
      const sent = driver.send(plainScript('HANGS'), { mode: 'immediate' });
      await driver.task(sent);
      const runner = await driver.runner(sent);
      await driver.sleep(driver.random.whole(500, 4_000));
      driver.crash(runner);
      driver.setCallOutcome(isHead, LOST, 3);
      let isOver = false;
      driver.fleet.onPoint = (process, point, operation, input) => {
        const isRow = operation === 'DeleteItem' && sortKey(input).startsWith('run#');
        if (isOver || point !== 'after' || !isRow) return;
        isOver = true;
        driver.crash(process);
      };
    },
  },
  // The run has asked for credentials: its task continues to wait for them.
  {
    rates: NO_FAULTS,
    onOrphan: 'fail',
    play: async (driver) => {
      const sent = driver.send(plainScript('AUTH_THEN_HANGS', { chunks: 1 }), {
        mode: 'immediate',
      });
      await driver.task(sent);
      const runner = await driver.runner(sent);
      await driver.sleep(driver.random.whole(1_000, 4_000));
      driver.crash(runner);
      await driver.sleep(CLEANED_MS);
      if (sent.expected?.sealed)
        driver.violate('I6', 'A task that waits for its client was ended.');
    },
  },
  // Senders wait at an instance that is paused for longer than its lease. It learns that it is dead
  // before it reads how their runs ended, and refuses to answer.
  {
    rates: DOORBELL_DEAD,
    onOrphan: 'fail',
    play: async (driver) => {
      const script = plainScript('HANGS', { chunks: 2, gapMs: 900 });
      const sent = driver.send(script, { mode: 'immediate' });
      const taskId = await driver.task(sent);
      const at = await driver.runner(sent);
      await driver.sleep(driver.random.whole(500, 4_000));
      driver.send(script, { at, taskId, mode: 'blocking' });
      await driver.sleep(driver.random.whole(500, 2_000));
      driver.pause(at, driver.random.whole(30_000, 40_000));
      const isRead = isRecordsQuery(taskId);
      driver.setCallOutcome((call) => call.caller === at.name && isRead(call), LOST, 6);
    },
  },
];
