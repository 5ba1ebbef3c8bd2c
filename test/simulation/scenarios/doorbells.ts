import { NO_FAULTS, type SimulatedProcess } from '@a2a-aws/testkit/fakes';
import { cutMessaging, fillTopic, loseQueue, loseSubscription } from '../doorbell-losses.ts';
import { PROVEN_MS } from '../limits.ts';
import type { ScenarioDriver } from '../scenario-driver.ts';
import { plainScript } from '../script.ts';
import type { Server } from '../server.ts';
import type { Scenario } from './scenario.ts';

/** A lost queue or subscription has been replaced by then; milliseconds. */
const REPAIRED_MS = 60_000;
/** An instance serves by then, even without a doorbell; milliseconds. */
const READY_MS = 15_000;
/** How long a topic is full, or SNS and SQS are down; milliseconds. */
const MISSING_MS = 40_000;

/** Doorbells are lost, or cannot be provisioned. */
export const DOORBELLS: readonly Scenario[] = [
  // The queue of a running instance is deleted: the instance makes another.
  {
    rates: NO_FAULTS,
    restMs: 40_000,
    play: async (driver) => {
      const { sns, sqs } = driver.fleet.aws;
      await work(driver);
      const before = sqs.queues.size;
      const lost = loseQueue(driver.fleet, driver.random);
      await driver.expect('I7', `the queue ${lost} was not replaced in time`, REPAIRED_MS, () => {
        const isHeard = ({ arn }: { arn: string }) => sns.subscribedQueues().includes(arn);
        return [...sqs.queues.values()].filter(isHeard).length === before;
      });
    },
  },
  // A subscription is deleted, which no receive call reports.
  {
    rates: NO_FAULTS,
    restMs: 40_000,
    play: async (driver) => {
      const { sns } = driver.fleet.aws;
      await work(driver);
      const lost = loseSubscription(driver.fleet, driver.random);
      await driver.expect('I7', `${lost} was not subscribed again in time`, REPAIRED_MS, () =>
        sns.subscribedQueues().includes(lost ?? ''),
      );
    },
  },
  // An instance dies while it replaces its queue. Its lease has all names, so all queues are found.
  {
    rates: NO_FAULTS,
    play: async (driver) => {
      const [when, what] = driver.random.pick([
        ['before', 'Unsubscribe'],
        ['after', 'CreateQueue'],
      ] as const);
      await work(driver);
      let isOver = false;
      driver.fleet.onPoint = (process, point, operation) => {
        if (isOver || point !== when || operation !== what) return;
        isOver = true;
        driver.crash(process);
      };
      loseQueue(driver.fleet, driver.random);
    },
  },
  // SNS and SQS are down when a server starts.
  {
    rates: NO_FAULTS,
    play: async (driver) => {
      await startWithout(driver, () => cutMessaging(driver.fleet, MISSING_MS));
    },
  },
  // The topic is full when a server starts.
  {
    rates: NO_FAULTS,
    play: async (driver) => {
      await startWithout(driver, () => fillTopic(driver.fleet, MISSING_MS));
    },
  },
];

async function work(driver: ScenarioDriver): Promise<void> {
  const script = plainScript('COMPLETED', { chunks: 10, gapMs: 2_000 });
  const taskId = await driver.task(driver.send(script, { mode: 'immediate' }));
  for (let n = 0; n < 2; n += 1) driver.subscribe(taskId);
  await driver.sleep(driver.random.whole(500, PROVEN_MS));
}

/** Restarts a server without a doorbell. It must accept a task and end it. */
async function startWithout(driver: ScenarioDriver, take: () => void): Promise<void> {
  await driver.sleep(2_000);
  const [old] = driver.fleet.servers;
  if (!old) return;
  const known = new Set<SimulatedProcess>(driver.fleet.servers.map(({ process }) => process));
  take();
  driver.crash(old.process);
  const next = await driver.until<Server>(() =>
    driver.fleet.servers.find(({ process }) => !known.has(process)),
  );
  if (!next) throw new Error('No server took the place of the other.');
  await driver.expect('I6', 'an instance without a doorbell does not serve', READY_MS, () =>
    Boolean(next.instance()),
  );
  const script = plainScript('COMPLETED', { chunks: 4, gapMs: 500 });
  driver.subscribe(await driver.task(driver.send(script, { at: next.process })));
}
