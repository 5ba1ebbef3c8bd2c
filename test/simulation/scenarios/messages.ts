import { NO_FAULTS, SOME_FAULTS } from '@a2a-aws/testkit/fakes';
import { plainScript } from '../script.ts';
import type { SimulatedClient } from '../simulated-client.ts';
import { sortKey } from './calls.ts';
import type { Scenario } from './scenario.ts';

/** Repeated messages, and runs that another instance resumes. */
export const MESSAGES: readonly Scenario[] = [
  // A resumed run asks for credentials, and a client that waits for its answer learns of it.
  {
    rates: NO_FAULTS,
    onOrphan: 'resume',
    isPatient: true,
    play: async (driver) => {
      const script = plainScript('AUTH_THEN_HANGS', { chunks: 2, gapMs: 6_000 });
      const sent = driver.send(script, { mode: 'immediate', messageId: 'sent-twice' });
      await driver.task(sent);
      const runner = await driver.runner(sent);
      driver.crash(runner);
      await driver.sleep(driver.random.whole(500, 5_000));
      driver.send(script, { messageId: 'sent-twice', mode: 'blocking' });
    },
  },
  // A message is sent again after other messages have continued its task.
  {
    rates: SOME_FAULTS,
    play: async (driver) => {
      const script = plainScript('INPUT_REQUIRED', { chunks: 1 });
      const sent = driver.send(script, { messageId: 'sent-twice' });
      const taskId = await driver.task(sent);
      await driver.until(() => sent.outcome === 'done');
      const next = driver.send(plainScript('COMPLETED', { chunks: 2, gapMs: 3_000 }), { taskId });
      await driver.until(() => (next.expected?.generation ?? 0) > 3 && driver.random.percent(30));
      for (let n = 0; n < 2; n += 1) {
        driver.send(script, { messageId: 'sent-twice', mode: 'blocking' });
      }
    },
  },
  // An instance dies while it is about to cancel a run of its own: the run is executed again elsewhere.
  {
    rates: NO_FAULTS,
    onOrphan: 'resume',
    isPatient: true,
    play: async (driver) => {
      const sent = driver.send(plainScript('HANGS'), { mode: 'immediate' });
      const taskId = await driver.task(sent);
      const at = await driver.runner(sent);
      await driver.sleep(driver.random.whole(500, 4_000));
      driver.fleet.onPoint = (process, point, _, input) => {
        if (process === at && point === 'before' && sortKey(input).startsWith('event#')) {
          driver.crash(at);
        }
      };
      // Several intents, none of which leads to a record.
      for (let n = 0; n < 10; n += 1) driver.cancel(taskId, { at, leaves: true });
      await driver.resumed(sent);
    },
  },
  // A server is stopped while it executes a run that may be resumed: another server resumes it.
  {
    rates: NO_FAULTS,
    onOrphan: 'resume',
    isPatient: true,
    play: async (driver) => {
      const sent = driver.send(plainScript('HANGS'));
      await driver.task(sent);
      const at = await driver.runner(sent);
      await driver.sleep(driver.random.whole(500, 4_000));
      const server = driver.fleet.servers.find(({ process }) => process === at);
      if (server) driver.fleet.terminate(server, driver.random.pick([0, 2_000]));
      await driver.resumed(sent);
    },
  },
  // Clients of one owner number their messages: equal numbers make different tasks. A message that is
  // repeated before its answer gets the same task.
  {
    rates: NO_FAULTS,
    play: async (driver) => {
      const script = plainScript('COMPLETED', { chunks: 2, gapMs: 4_000 });
      const first = driver.send(script, { messageId: '1' });
      await driver.task(first);
      const again = driver.send(script, { messageId: '1', mode: 'blocking' });
      const isDone = (client: SimulatedClient) => (): boolean => client.outcome === 'done';
      await driver.until(isDone(first));
      await driver.until(isDone(again));
      const other = driver.send(script, { messageId: '1', mode: 'blocking' });
      await driver.until(isDone(other));
      if (again.taskId !== first.taskId) driver.violate('retry', 'A message was executed twice.');
      if (other.taskId === first.taskId) {
        driver.violate('retry', 'A message got the task of another that had its id.');
      }
    },
  },
];
