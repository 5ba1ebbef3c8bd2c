import { NO_FAULTS } from '@a2a-aws/testkit/fakes';
import { PROMPT_MS, PROVEN_MS } from '../limits.ts';
import { plainScript } from '../script.ts';
import { isWatchersQuery, slow } from './calls.ts';
import { DOORBELL_DEAD, type Scenario } from './scenario.ts';

/** The backend cancels a task by force after this time; milliseconds. */
const CANCEL_MS = 10_000;

/** Tasks are cancelled. */
export const CANCELS: readonly Scenario[] = [
  // The runner of a task learns of a cancel at once.
  {
    rates: NO_FAULTS,
    play: async (driver) => {
      const sent = driver.send(plainScript('HANGS'), { mode: 'immediate' });
      const taskId = await driver.task(sent);
      const avoid = await driver.runner(sent);
      await driver.sleep(PROVEN_MS + driver.random.whole(0, 4_000));
      driver.cancel(taskId, { avoid, promptMs: PROMPT_MS });
    },
  },
  // The canceller dies, and so does the runner, whose task waits for credentials.
  {
    rates: NO_FAULTS,
    play: async (driver) => {
      const sent = driver.send(plainScript('AUTH_THEN_HANGS'), { mode: 'immediate' });
      const taskId = await driver.task(sent);
      const runner = await driver.runner(sent);
      await driver.sleep(1_000);
      driver.fleet.watch.onWrite = (caller, sk) => {
        if (!sk.startsWith('event#')) return;
        driver.fleet.watch.onWrite = () => {};
        for (const { process } of driver.fleet.servers) {
          if (process === runner || process.name === caller) driver.crash(process);
        }
      };
      driver.cancel(taskId, { avoid: runner, leaves: true });
    },
  },
  // A run ends before its executor begins, on an instance whose other run was told to stop.
  {
    rates: NO_FAULTS,
    play: async (driver) => {
      const first = driver.send(plainScript('HANGS'), { mode: 'immediate' });
      const taskId = await driver.task(first);
      const at = await driver.runner(first);
      await driver.sleep(500);
      driver.setCallOutcome(isWatchersQuery, slow(3_000));
      const second = driver.send(plainScript('HANGS'), { taskId, mode: 'immediate', at });
      await driver.until(() => (second.expected?.openRuns.length ?? 0) > 1);
      driver.cancel(taskId, { avoid: at });
    },
  },
  // No doorbell delivers, and the runner's instance has no tap on the task that is canceled.
  {
    rates: DOORBELL_DEAD,
    play: async (driver) => {
      const sent = driver.send(plainScript('HANGS'), { mode: 'immediate' });
      const taskId = await driver.task(sent);
      const avoid = await driver.runner(sent);
      await driver.sleep(driver.random.whole(500, 8_000));
      driver.cancel(taskId, { avoid, promptMs: PROMPT_MS + 2_000 });
    },
  },
  // The executor ignores the cancel: its task is canceled at the deadline.
  {
    rates: NO_FAULTS,
    play: async (driver) => {
      const script = plainScript('COMPLETED', { chunks: 12, gapMs: 20_000, deaf: true });
      const sent = driver.send(script, { mode: 'immediate' });
      const taskId = await driver.task(sent);
      const avoid = await driver.runner(sent);
      driver.cancel(taskId, { avoid });
      await driver.expect('I6', 'A cancel waits for its runner.', CANCEL_MS + PROMPT_MS, () =>
        Boolean(sent.expected?.sealed),
      );
    },
  },
  // The canceller dies and the executor ignores the cancel: the runner's server ends the task.
  {
    rates: NO_FAULTS,
    isPatient: true,
    play: async (driver) => {
      const script = plainScript('COMPLETED', { chunks: 12, gapMs: 20_000, deaf: true });
      const sent = driver.send(script, { mode: 'immediate' });
      const taskId = await driver.task(sent);
      const avoid = await driver.runner(sent);
      driver.cancel(taskId, { avoid, leaves: true });
      await driver.until(() => sent.expected?.cancelRequested);
      for (const { process } of driver.fleet.servers) if (process !== avoid) driver.crash(process);
      await driver.expect('I6', 'A cancel ends with its caller.', 2 * CANCEL_MS, () =>
        Boolean(sent.expected?.sealed),
      );
    },
  },
];
