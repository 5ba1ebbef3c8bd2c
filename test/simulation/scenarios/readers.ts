import { NO_FAULTS, SOME_FAULTS } from '@a2a-aws/testkit/fakes';
import { plainScript } from '../script.ts';
import { slow, sortKey } from './calls.ts';
import { PROMPT_MS, PROVEN_MS, type Scenario } from './scenario.ts';

/** Others read what is written. */
export const READERS: readonly Scenario[] = [
  // A tap opens while events come: it gets them in time, though its watch was long in writing.
  {
    rates: NO_FAULTS,
    play: async (stage) => {
      const other = stage.send(plainScript('HANGS'), { mode: 'immediate' });
      await stage.task(other);
      const at = await stage.runner(other);
      await stage.rest(PROVEN_MS);
      const script = plainScript('HANGS', { chunks: stage.random.whole(2, 7), gapMs: 900 });
      const sent = stage.send(script, { mode: 'immediate', avoid: at });
      const taskId = await stage.task(sent);
      stage.fate(({ input }) => sortKey(input).startsWith('watch#'), slow(2_000), 2);
      stage.subscribe(taskId, { at, promptMs: PROMPT_MS });
    },
  },
  // Slow readers: they get all of it, and nobody waits for them.
  {
    rates: SOME_FAULTS,
    play: async (stage) => {
      const script = plainScript('COMPLETED', { chunks: 12, gapMs: 200, padding: 60_000 });
      const sent = stage.send(script, { slowMs: stage.random.pick([500, 3_000]) });
      const taskId = await stage.task(sent);
      for (const slowMs of [0, 300, 2_000]) stage.subscribe(taskId, { slowMs });
      await stage.rest(1_000);
      stage.send(plainScript('INPUT_REQUIRED', { chunks: 3 }), { taskId, slowMs: 1_000 });
    },
  },
  // A task comes to wait for its client, with somebody else at work on it or not, and goes on later.
  {
    rates: SOME_FAULTS,
    play: async (stage) => {
      const script = plainScript('INPUT_REQUIRED', { chunks: 4, gapMs: 2_500 });
      const sent = stage.send(script);
      const taskId = await stage.task(sent);
      for (let n = 0; n < 3; n += 1) stage.subscribe(taskId);
      if (stage.random.percent(50)) stage.send(script, { taskId });
      await stage.until(() => sent.outcome === 'done' && sent.truth?.openRuns.length === 0);
      await stage.rest(1_000);
      stage.send(plainScript('COMPLETED', { chunks: 1 }), { taskId });
    },
  },
];
