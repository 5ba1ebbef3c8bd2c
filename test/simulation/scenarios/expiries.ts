import { NO_FAULTS } from '@a2a-aws/testkit/fakes';
import type { ExpectedTask } from '../expected-task.ts';
import { expireRecords, SHORT_RETENTION_MS, snapshotEnd } from '../expiry.ts';
import type { ScenarioDriver } from '../scenario-driver.ts';
import { plainScript } from '../script.ts';
import type { SimulatedClient } from '../simulated-client.ts';
import type { Scenario } from './scenario.ts';

const ENDINGS = ['HANGS', 'COMPLETED', 'INPUT_REQUIRED'] as const;

/** Old records of a log expire, after a snapshot has taken their place. */
export const EXPIRIES: readonly Scenario[] = [
  // Clients are cut off, and come back when some of the events before the snapshot have expired, or all.
  {
    rates: NO_FAULTS,
    isPatient: true,
    play: async (driver) => {
      const { random } = driver;
      let expiries = 0;
      const absent = () => {
        const wanted = random.whole(1, 2);
        const over = driver.until(() => expiries >= wanted);
        return { absence: { after: random.whole(1, 6), over } };
      };
      const ending = random.pick(ENDINGS);
      const size = { chunks: random.whole(9, 13), padding: 180_000, replaces: true };
      const script = plainScript(ending, { ...size, gapMs: 2_500 });
      // The senders of half of the messages know cursors.
      const message = { messageId: `sent-${random.whole(1, 1_000)}-times` };
      const sent = driver.send(script, { ...message, ...absent() });
      const taskId = await driver.task(sent);
      for (let n = random.whole(1, 3); n > 0; n -= 1) driver.subscribe(taskId, absent());
      driver.subscribe(taskId);
      const { expected, end } = await snapshotOf(driver, sent);
      for (const share of [50, 100]) {
        await driver.sleep(random.whole(0, 3_000));
        expireRecords(driver.fleet, expected, end, () => random.percent(share));
        expiries += 1;
        driver.send(script, message);
        driver.read(taskId);
      }
      await driver.sleep(random.whole(0, 2_000));
      const isOpen = expected.openRuns.length > 0;
      if (isOpen && random.percent(30)) driver.crash(await driver.runner(sent));
      if (ending !== 'INPUT_REQUIRED') return;
      await driver.until(() => expected.openRuns.length === 0);
      driver.send(plainScript('COMPLETED', { chunks: 2 }), { taskId });
    },
  },
];

/** Returns where the first snapshot of a client's task ends, once it is as old as the retention. */
async function snapshotOf(
  driver: ScenarioDriver,
  sent: SimulatedClient,
): Promise<{ readonly expected: ExpectedTask; readonly end: string }> {
  const end = await driver.until(() => sent.expected && snapshotEnd(driver.fleet, sent.expected));
  const { expected } = sent;
  if (!end || !expected) throw new Error('The task has no snapshot.');
  await driver.sleep(SHORT_RETENTION_MS);
  return { expected, end };
}
