import { NO_FAULTS, SOME_FAULTS } from '@a2a-aws/testkit/fakes';
import { Impostor } from '../impostor.ts';
import { PROMPT_MS, PROVEN_MS } from '../limits.ts';
import { plainScript } from '../script.ts';
import { DOORBELL_DEAD, type Scenario } from './scenario.ts';

/** Somebody may send anything to every queue. */
export const IMPOSTORS: readonly Scenario[] = [
  // Without a key: whoever reads and runs meanwhile notices nothing.
  {
    rates: SOME_FAULTS,
    play: async (stage) => {
      const impostor = new Impostor(stage.fleet);
      const script = plainScript('COMPLETED', { chunks: 12, gapMs: 700 });
      const sent = stage.send(script, { mode: 'immediate' });
      const taskId = await stage.task(sent);
      for (let n = 0; n < 2; n += 1) stage.subscribe(taskId);
      for (let n = 0; n < 60; n += 1) {
        impostor.act();
        await stage.rest(stage.random.whole(20, 300));
      }
    },
  },
  // No doorbell delivers, but somebody pretends that all do: readers must not believe it.
  {
    rates: DOORBELL_DEAD,
    play: async (stage) => {
      const impostor = new Impostor(stage.fleet);
      const script = plainScript('HANGS', { chunks: 8, gapMs: 3_000 });
      const sent = stage.send(script, { mode: 'immediate' });
      const taskId = await stage.task(sent);
      const server = stage.fleet.pick(await stage.runner(sent));
      if (!server) return;
      stage.subscribe(taskId, { at: server.process, promptMs: PROMPT_MS });
      for (let n = 0; n < 25; n += 1) {
        for (let times = 0; times < 5; times += 1) impostor.act();
        await stage.rest(1_000);
      }
    },
  },
  // With the key: readers may be fooled, but nothing of it is in a log, nor is there a gap.
  {
    rates: NO_FAULTS,
    play: async (stage) => {
      const impostor = new Impostor(stage.fleet);
      const script = plainScript('HANGS', { chunks: 6, gapMs: 1_000 });
      const sent = stage.send(script, { mode: 'immediate' });
      const taskId = await stage.task(sent);
      const server = stage.fleet.pick(await stage.runner(sent));
      const keys = impostor.steal();
      if (!server || !keys) throw new Error('There is nobody to fool, or no key.');
      const at = server.process;
      stage.subscribe(taskId, { at, isFooled: true });
      await stage.rest(PROVEN_MS);
      impostor.forge(keys);
      await stage.rest(stage.random.whole(50, 400));
      stage.cancel(taskId, { at });
    },
  },
];
