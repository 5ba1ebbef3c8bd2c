import { NO_FAULTS } from '@a2a-aws/testkit/fakes';
import type { ScenarioDriver } from '../scenario-driver.ts';
import { plainScript } from '../script.ts';
import type { Execution } from '../simulated-agent.ts';
import type { SimulatedClient } from '../simulated-client.ts';
import { isRecord } from './calls.ts';
import type { Scenario } from './scenario.ts';

/** Each put of a record acts and is answered after these times; milliseconds. */
const PUT = { acts: [1], answers: 2 };
/** The put under way, and one more. No delay of a record in a burst is shorter. */
const AT_ONCE_MS = 2 * PUT.answers;
/** The longest delay of a record by default, and two puts; milliseconds. */
const IN_TIME_MS = 250 + AT_ONCE_MS;
/** A burst: its events come so fast that they share records. */
const BURST = { gapMs: 3, flushes: true, lingersMs: 3_000 };
const ENDINGS = ['COMPLETED', 'FAILED', 'INPUT_REQUIRED', 'AUTH_THEN_HANGS'] as const;

/** Events of a burst wait for one another, and nothing waits that a caller waits for. */
export const DELAYS: readonly Scenario[] = [
  {
    rates: NO_FAULTS,
    play: async (driver) => {
      driver.setCallOutcome(isRecord, PUT, Number.POSITIVE_INFINITY);
      await Promise.all(ENDINGS.map((ending) => endsAtOnce(driver, ending)));
    },
  },
  // The agent continues after a burst without a further event.
  {
    rates: NO_FAULTS,
    play: async (driver) => {
      driver.setCallOutcome(isRecord, PUT, Number.POSITIVE_INFINITY);
      const chunks = driver.random.whole(20, 60);
      for (const gapMs of [0, BURST.gapMs]) {
        const script = plainScript('HANGS', { gapMs, chunks });
        const sent = driver.send(script, { mode: 'immediate' });
        const execution = await executionOf(driver, sent);
        await driver.until(() => execution.publishedAtMs.length === chunks + 1);
        await driver.sleep(IN_TIME_MS);
        mustBeWritten(driver, sent, execution, chunks + 1, IN_TIME_MS);
      }
    },
  },
];

/** Plays a burst with a flush and this ending. Neither of them may wait. */
async function endsAtOnce(driver: ScenarioDriver, ending: (typeof ENDINGS)[number]): Promise<void> {
  const chunks = driver.random.whole(40, 80);
  const sent = driver.send(plainScript(ending, { ...BURST, chunks }), { mode: 'immediate' });
  const execution = await executionOf(driver, sent);
  await driver.until(() => execution.publishedAtMs.length === chunks + 2);
  await driver.sleep(AT_ONCE_MS);
  mustBeWritten(driver, sent, execution, chunks + 2, AT_ONCE_MS);
  const { flushed } = execution;
  if (!flushed || flushed.tookMs > AT_ONCE_MS) {
    driver.violate('late', `a flush took ${flushed?.tookMs} ms`);
    return;
  }
  mustBeWritten(driver, sent, execution, flushed.events, flushed.tookMs);
}

async function executionOf(driver: ScenarioDriver, sent: SimulatedClient): Promise<Execution> {
  const taskId = await driver.task(sent);
  const found = driver.fleet.executions.find((execution) => execution.taskId === taskId);
  if (!found) throw new Error('The task is not executed.');
  return found;
}

/** Checks that an event, by its generation, was durable within this time after it was published. */
function mustBeWritten(
  { fleet, violate }: ScenarioDriver,
  { expected }: SimulatedClient,
  { process, publishedAtMs }: Execution,
  generation: number,
  withinMs: number,
): void {
  const server = fleet.servers.find((one) => one.process.name === process);
  const skewMs = (server?.process.clock.now() ?? 0) - fleet.clock.now();
  const published = (publishedAtMs[generation - 1] ?? 0) - skewMs;
  const durable = expected?.times[generation - 1] ?? Number.POSITIVE_INFINITY;
  if (durable - published > withinMs) {
    violate(
      'late',
      `event ${generation} was durable ${durable - published} ms after it was published`,
    );
  }
}
