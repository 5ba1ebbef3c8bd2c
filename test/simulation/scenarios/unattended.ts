import { NO_FAULTS, SOME_FAULTS } from '@a2a-aws/testkit/fakes';
import type { ScenarioDriver } from '../scenario-driver.ts';
import { plainScript } from '../script.ts';
import { LOST } from './calls.ts';
import type { Scenario } from './scenario.ts';

/** The time between two rounds of the scheduled janitor, shorter than in production; milliseconds. */
const ROUND_MS = 75_000;
const ROUNDS = 9;
/** Longer than any janitor waits for late requests of a dead instance; milliseconds. */
const TOO_LATE_MS = 90_000;

/** Only the scheduled janitor is left. */
export const UNATTENDED: readonly Scenario[] = [
  // All instances die. The janitor itself is killed or paused in the middle of a round.
  {
    rates: SOME_FAULTS,
    endMs: 780_000,
    restMs: 700_000,
    play: async (driver) => {
      await workThenDie(driver);
      await rounds(driver);
    },
  },
  tooLate('CreateQueue'),
  tooLate('Subscribe'),
  // The janitor leaves live instances alone, and cleans up after a dead one.
  {
    rates: SOME_FAULTS,
    endMs: 420_000,
    restMs: 340_000,
    play: async (driver) => {
      const sent = driver.send(plainScript('COMPLETED', { chunks: 6, gapMs: 8_000 }));
      await driver.task(sent);
      driver.crash(await driver.runner(sent));
      await rounds(driver, 4);
    },
  },
];

/** A dead instance's request takes effect after its lease is gone: only tag and age identify the result. */
function tooLate(what: 'CreateQueue' | 'Subscribe'): Scenario {
  return {
    rates: NO_FAULTS,
    endMs: 780_000,
    restMs: 700_000,
    play: async (driver) => {
      const late = { ...LOST, acts: [TOO_LATE_MS + driver.random.whole(0, 20_000)] };
      driver.setCallOutcome(({ operation }) => operation === what, late);
      await workThenDie(driver);
      await rounds(driver);
    },
  };
}

async function workThenDie(driver: ScenarioDriver): Promise<void> {
  const { fleet } = driver;
  const clients = (['HANGS', 'INPUT_REQUIRED', 'COMPLETED'] as const).map((ending) =>
    driver.send(plainScript(ending, { chunks: 3, gapMs: 2_000 }), { mode: 'immediate' }),
  );
  for (const client of clients) await driver.task(client);
  await driver.sleep(driver.random.whole(800, 6_000));
  fleet.restarts = false;
  for (const { process } of fleet.servers) driver.crash(process);
}

/** Starts rounds on schedule, even if earlier ones failed. Only the first rounds meet faults. */
async function rounds(driver: ScenarioDriver, count = ROUNDS): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    const { process, report } = driver.fleet.janitor(`J${n}`);
    let came: Awaited<typeof report>;
    void report.then((all) => {
      came = all;
    });
    const end = driver.random.pick(['kill', 'freeze', 'freeze', 'none'] as const);
    if (end !== 'none' && n < 2) {
      let left = driver.random.whole(1, 60);
      driver.fleet.onPoint = (at) => {
        if (at !== process) return;
        left -= 1;
        if (left !== 0) return;
        if (end === 'kill') process.crash();
        else driver.pause(process, driver.random.pick([10_000, 45_000, 90_000]));
      };
    }
    await driver.sleep(ROUND_MS);
    const isClean = came?.failed === 0 && came.left === 0;
    if (n === count - 1 && !isClean) {
      driver.violate('I7', `the last round of the janitor came to ${JSON.stringify(came)}`);
    }
  }
}
