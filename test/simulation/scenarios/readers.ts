import { NO_FAULTS, SOME_FAULTS } from '@a2a-aws/testkit/fakes';
import { PROMPT_MS } from '../limits.ts';
import { plainScript } from '../script.ts';
import { isRecordsQuery, isWatch, slow } from './calls.ts';
import { DOORBELL_DEAD, type Scenario } from './scenario.ts';

/** Others read what is written. */
export const READERS: readonly Scenario[] = [
  // A tap opens while events come: it gets them in time, though it was long about it.
  {
    rates: NO_FAULTS,
    play: async (stage) => {
      const at = await stage.hearer();
      const script = plainScript('HANGS', { chunks: stage.random.whole(2, 4), gapMs: 900 });
      const sent = stage.send(script, { mode: 'immediate', avoid: at });
      const taskId = await stage.task(sent);
      // The read that follows the writing of its watch.
      let isWatching = false;
      stage.fleet.watch.onWrite = (caller, sk) => {
        isWatching ||= caller === at.name && sk.startsWith('watch#');
      };
      const isRead = isRecordsQuery(taskId);
      stage.fate((call) => isWatching && call.caller === at.name && isRead(call), slow(2_000));
      stage.subscribe(taskId, { at, promptMs: PROMPT_MS });
    },
  },
  // A tap opens on a task at rest, and a run of it starts before its watch is there to be seen.
  {
    rates: NO_FAULTS,
    play: async (stage) => {
      const at = await stage.hearer();
      const sent = stage.send(plainScript('INPUT_REQUIRED'), { mode: 'immediate', avoid: at });
      const taskId = await stage.task(sent);
      await stage.until(() => sent.truth?.openRuns.length === 0);
      stage.fate(isWatch, { acts: [1_000], answers: 1_010 }, 2);
      stage.subscribe(taskId, { at, promptMs: PROMPT_MS });
      await stage.rest(stage.random.whole(100, 1_200));
      const script = plainScript('HANGS', { chunks: 2, gapMs: 900 });
      stage.send(script, { taskId, mode: 'immediate', avoid: at });
    },
  },
  // A reader's clock is set back, and no doorbell rings.
  {
    rates: DOORBELL_DEAD,
    play: async (stage) => {
      const script = plainScript('HANGS', { chunks: 6, gapMs: 4_000 });
      const sent = stage.send(script, { mode: 'immediate' });
      const taskId = await stage.task(sent);
      const server = stage.fleet.pick(await stage.runner(sent));
      if (!server) return;
      stage.subscribe(taskId, { at: server.process, promptMs: PROMPT_MS });
      await stage.rest(stage.random.whole(500, 8_000));
      server.process.jump(-stage.random.pick([60_000, 3_600_000]));
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
