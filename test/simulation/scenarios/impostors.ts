import { NO_FAULTS, SOME_FAULTS } from '@a2a-aws/testkit/fakes';
import { Impostor } from '../impostor.ts';
import { PROMPT_MS, PROVEN_MS } from '../limits.ts';
import { plainScript } from '../script.ts';
import { DOORBELL_DEAD, type Scenario } from './scenario.ts';

/** An impostor sends messages to every queue. */
export const IMPOSTORS: readonly Scenario[] = [
  // The impostor has no key: readers and runs are not affected.
  {
    rates: SOME_FAULTS,
    play: async (driver) => {
      const impostor = new Impostor(driver.fleet);
      const script = plainScript('COMPLETED', { chunks: 12, gapMs: 700 });
      const sent = driver.send(script, { mode: 'immediate' });
      const taskId = await driver.task(sent);
      for (let n = 0; n < 2; n += 1) driver.subscribe(taskId);
      for (let n = 0; n < 60; n += 1) {
        impostor.act();
        await driver.sleep(driver.random.whole(20, 300));
      }
    },
  },
  // No doorbell delivers, but an impostor pretends that all do: readers must not believe it.
  {
    rates: DOORBELL_DEAD,
    play: async (driver) => {
      const impostor = new Impostor(driver.fleet);
      const script = plainScript('HANGS', { chunks: 8, gapMs: 3_000 });
      const sent = driver.send(script, { mode: 'immediate' });
      const taskId = await driver.task(sent);
      const server = driver.fleet.pick(await driver.runner(sent));
      if (!server) return;
      driver.subscribe(taskId, { at: server.process, promptMs: PROMPT_MS });
      for (let n = 0; n < 25; n += 1) {
        for (let times = 0; times < 5; times += 1) impostor.act();
        await driver.sleep(1_000);
      }
    },
  },
  // The impostor has the key: it may fool readers, but the log has neither forged records nor gaps.
  {
    rates: NO_FAULTS,
    play: async (driver) => {
      const impostor = new Impostor(driver.fleet);
      const script = plainScript('HANGS', { chunks: 6, gapMs: 1_000 });
      const sent = driver.send(script, { mode: 'immediate' });
      const taskId = await driver.task(sent);
      const server = driver.fleet.pick(await driver.runner(sent));
      const keys = impostor.steal();
      if (!server || !keys) throw new Error('There is no other server, or no key.');
      const at = server.process;
      driver.subscribe(taskId, { at, isFooled: true });
      await driver.sleep(PROVEN_MS);
      impostor.forge(keys);
      await driver.sleep(driver.random.whole(50, 400));
      driver.cancel(taskId, { at });
    },
  },
];
