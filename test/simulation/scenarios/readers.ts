import { NO_FAULTS, SOME_FAULTS } from '@a2a-aws/testkit/fakes';
import { PROMPT_MS } from '../limits.ts';
import { plainScript } from '../script.ts';
import { isRecordsQuery, isWatch, slow } from './calls.ts';
import { DOORBELL_DEAD, type Scenario } from './scenario.ts';

/** Instances read logs that others write. */
export const READERS: readonly Scenario[] = [
  // A tap opens slowly while events are written, and still gets them in time.
  {
    rates: NO_FAULTS,
    play: async (driver) => {
      const at = await driver.confirmedProcess();
      const script = plainScript('HANGS', { chunks: driver.random.whole(2, 4), gapMs: 900 });
      const sent = driver.send(script, { mode: 'immediate', avoid: at });
      const taskId = await driver.task(sent);
      // The read after the tap's watch was written.
      let isWatching = false;
      driver.fleet.watch.onWrite = (caller, sk) => {
        isWatching ||= caller === at.name && sk.startsWith('watch#');
      };
      const isRead = isRecordsQuery(taskId);
      driver.setCallOutcome(
        (call) => isWatching && call.caller === at.name && isRead(call),
        slow(2_000),
      );
      driver.subscribe(taskId, { at, promptMs: PROMPT_MS });
    },
  },
  // A tap opens on an idle task, and a run starts before the tap's watch is visible.
  {
    rates: NO_FAULTS,
    play: async (driver) => {
      const at = await driver.confirmedProcess();
      const sent = driver.send(plainScript('INPUT_REQUIRED'), { mode: 'immediate', avoid: at });
      const taskId = await driver.task(sent);
      await driver.until(() => sent.expected?.openRuns.length === 0);
      driver.setCallOutcome(isWatch, { acts: [1_000], answers: 1_010 }, 2);
      driver.subscribe(taskId, { at, promptMs: PROMPT_MS });
      await driver.sleep(driver.random.whole(100, 1_200));
      const script = plainScript('HANGS', { chunks: 2, gapMs: 900 });
      driver.send(script, { taskId, mode: 'immediate', avoid: at });
    },
  },
  // A reader's clock is set back, and no doorbell delivers.
  {
    rates: DOORBELL_DEAD,
    play: async (driver) => {
      const script = plainScript('HANGS', { chunks: 6, gapMs: 4_000 });
      const sent = driver.send(script, { mode: 'immediate' });
      const taskId = await driver.task(sent);
      const server = driver.fleet.pick(await driver.runner(sent));
      if (!server) return;
      driver.subscribe(taskId, { at: server.process, promptMs: PROMPT_MS });
      await driver.sleep(driver.random.whole(500, 8_000));
      server.process.jump(-driver.random.pick([60_000, 3_600_000]));
    },
  },
  // Slow readers get every event, and delay no other reader.
  {
    rates: SOME_FAULTS,
    play: async (driver) => {
      const script = plainScript('COMPLETED', { chunks: 12, gapMs: 200, padding: 60_000 });
      const sent = driver.send(script, { slowMs: driver.random.pick([500, 3_000]) });
      const taskId = await driver.task(sent);
      for (const slowMs of [0, 300, 2_000]) driver.subscribe(taskId, { slowMs });
      await driver.sleep(1_000);
      driver.send(plainScript('INPUT_REQUIRED', { chunks: 3 }), { taskId, slowMs: 1_000 });
    },
  },
  // A task waits for its client, with or without another open run, and continues later.
  {
    rates: SOME_FAULTS,
    play: async (driver) => {
      const script = plainScript('INPUT_REQUIRED', { chunks: 4, gapMs: 2_500 });
      const sent = driver.send(script);
      const taskId = await driver.task(sent);
      for (let n = 0; n < 3; n += 1) driver.subscribe(taskId);
      if (driver.random.percent(50)) driver.send(script, { taskId });
      await driver.until(() => sent.outcome === 'done' && sent.expected?.openRuns.length === 0);
      await driver.sleep(1_000);
      driver.send(plainScript('COMPLETED', { chunks: 1 }), { taskId });
    },
  },
];
