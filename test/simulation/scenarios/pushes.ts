import { NO_FAULTS, SOME_FAULTS } from '@a2a-aws/testkit/fakes';
import type { ScenarioDriver } from '../scenario-driver.ts';
import { plainScript } from '../script.ts';
import type { Scenario } from './scenario.ts';

/** A receiver that has failed for long is tried again seldom; milliseconds. */
const END_MS = 600_000;

/** Push notifications, to receivers that fail, are slow, or lose their answers. */
export const PUSHES: readonly Scenario[] = [
  // The configuration comes with the message. The runner is lost, or others append to its task.
  {
    rates: NO_FAULTS,
    pushes: true,
    endMs: END_MS,
    play: async (driver) => {
      const { random } = driver;
      setMoods(driver);
      const ending = random.pick(['COMPLETED', 'SILENT', 'THROWS', 'INPUT_REQUIRED'] as const);
      const then = random.pick(['crash', 'cancel', 'send', 'nothing'] as const);
      // A runner that will crash must not finish before.
      const gapMs = then === 'crash' ? 3_000 : random.pick([0, 300, 3_000]);
      const script = plainScript(ending, { chunks: 4, gapMs });
      const sent = driver.send(script, { pushes: true });
      const taskId = await driver.task(sent);
      if (then === 'crash') driver.crash(await driver.runner(sent));
      if (then === 'cancel') driver.cancel(taskId);
      if (then === 'send') driver.send(script, { taskId });
    },
  },
  // A configuration is set while the task runs, and instances are lost at any call.
  {
    rates: SOME_FAULTS,
    pushes: true,
    endMs: END_MS,
    play: async (driver) => {
      const { random, fleet } = driver;
      setMoods(driver);
      const script = plainScript(random.pick(['COMPLETED', 'SILENT', 'INPUT_REQUIRED'] as const), {
        chunks: 6,
        gapMs: random.pick([200, 1_000]),
      });
      const sent = driver.send(script, { pushes: random.pick([true, false]) });
      const taskId = await driver.task(sent);
      driver.setPush(taskId, 'late');
      let left = random.whole(1, 120);
      fleet.onPoint = (at) => {
        left -= 1;
        if (left === 0) driver.crash(at);
      };
      await driver.sleep(random.whole(500, 5_000));
      if (random.pick([true, false])) driver.send(script, { taskId });
      if (random.pick([true, false])) driver.setPush(taskId, 'later');
    },
  },
  // The instance that delivers is paused, declared dead, and goes on.
  {
    rates: NO_FAULTS,
    pushes: true,
    endMs: END_MS,
    play: async (driver) => {
      const { random } = driver;
      setMoods(driver);
      const script = plainScript('COMPLETED', { chunks: 5, gapMs: 400 });
      const sent = driver.send(script, { pushes: true, mode: 'immediate' });
      await driver.task(sent);
      const runner = await driver.runner(sent);
      await driver.sleep(random.whole(100, 2_500));
      driver.pause(runner, random.pick([20_000, 45_000, 90_000]));
    },
  },
];

function setMoods({ fleet, random }: ScenarioDriver): void {
  const failing = random.pick([0, 20, 60]);
  fleet.receiverMood = () => {
    const ms = random.pick([1, 30, 400, 6_000]);
    if (random.whole(0, 99) >= failing) return { ms, answer: 'accepts' };
    return { ms, answer: random.pick(['fails', 'lost'] as const) };
  };
}
