import { NO_FAULTS, SOME_FAULTS } from '@a2a-aws/testkit/fakes';
import type { ScenarioDriver } from '../scenario-driver.ts';
import { plainScript } from '../script.ts';
import type { Scenario } from './scenario.ts';

/** A backup of the fleet's table is restored under another name, and a second fleet runs on it. */
export const COPIES: readonly Scenario[] = [
  // The second fleet ends the copied tasks in its own table. The first one continues undisturbed.
  {
    rates: NO_FAULTS,
    play: async (driver) => {
      await work(driver);
      const copy = driver.fleet.copyTable();
      await driver.sleep(driver.random.whole(0, 8_000));
      for (let n = driver.random.whole(1, 2); n > 0; n -= 1) driver.fleet.startOn(copy);
      await work(driver);
    },
  },
  // Instances of the first fleet die before the backup, or after it.
  {
    rates: SOME_FAULTS,
    play: async (driver) => {
      await work(driver);
      if (driver.random.percent(50)) crashAny(driver);
      await driver.sleep(driver.random.whole(0, 12_000));
      const copy = driver.fleet.copyTable();
      if (driver.random.percent(50)) crashAny(driver);
      await driver.sleep(driver.random.whole(0, 12_000));
      driver.fleet.startOn(copy);
      await work(driver);
    },
  },
];

/** Starts tasks that run and one that waits for its client, and subscribes to them. */
async function work(driver: ScenarioDriver): Promise<void> {
  const endings = ['HANGS', 'INPUT_REQUIRED', 'COMPLETED'] as const;
  const clients = endings.map((ending) =>
    driver.send(plainScript(ending, { chunks: 4, gapMs: 3_000 }), { mode: 'immediate' }),
  );
  for (const client of clients) driver.subscribe(await driver.task(client));
  await driver.sleep(driver.random.whole(500, 4_000));
}

function crashAny(driver: ScenarioDriver): void {
  const server = driver.fleet.pick();
  if (server) driver.crash(server.process);
}
