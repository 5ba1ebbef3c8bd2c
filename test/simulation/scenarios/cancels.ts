import { NO_FAULTS } from '@a2a-aws/testkit/fakes';
import { PROMPT_MS, PROVEN_MS } from '../limits.ts';
import { plainScript } from '../script.ts';
import { isWatchersQuery, slow } from './calls.ts';
import { DOORBELL_DEAD, type Scenario } from './scenario.ts';

/** By then a task is canceled by force; milliseconds. */
const CANCEL_MS = 10_000;

/** Somebody cancels. */
export const CANCELS: readonly Scenario[] = [
  // Whoever runs a task hears of a cancel at once.
  {
    rates: NO_FAULTS,
    play: async (stage) => {
      const sent = stage.send(plainScript('HANGS'), { mode: 'immediate' });
      const taskId = await stage.task(sent);
      const avoid = await stage.runner(sent);
      await stage.rest(PROVEN_MS + stage.random.whole(0, 4_000));
      stage.cancel(taskId, { avoid, promptMs: PROMPT_MS });
    },
  },
  // Whoever cancels dies, and so does the runner, whose task waits for credentials.
  {
    rates: NO_FAULTS,
    play: async (stage) => {
      const sent = stage.send(plainScript('AUTH_THEN_HANGS'), { mode: 'immediate' });
      const taskId = await stage.task(sent);
      const runner = await stage.runner(sent);
      await stage.rest(1_000);
      stage.fleet.watch.onWrite = (caller, sk) => {
        if (!sk.startsWith('event#')) return;
        stage.fleet.watch.onWrite = () => {};
        for (const { process } of stage.fleet.servers) {
          if (process === runner || process.name === caller) stage.crash(process);
        }
      };
      stage.cancel(taskId, { avoid: runner, leaves: true });
    },
  },
  // A run is over before its executor begins, on an instance whose other run was told to stop.
  {
    rates: NO_FAULTS,
    play: async (stage) => {
      const first = stage.send(plainScript('HANGS'), { mode: 'immediate' });
      const taskId = await stage.task(first);
      const at = await stage.runner(first);
      await stage.rest(500);
      stage.fate(isWatchersQuery, slow(3_000));
      const second = stage.send(plainScript('HANGS'), { taskId, mode: 'immediate', at });
      await stage.until(() => (second.truth?.openRuns.length ?? 0) > 1);
      stage.cancel(taskId, { avoid: at });
    },
  },
  // No doorbell delivers, and the runner's instance has no tap on the task that is canceled.
  {
    rates: DOORBELL_DEAD,
    play: async (stage) => {
      const sent = stage.send(plainScript('HANGS'), { mode: 'immediate' });
      const taskId = await stage.task(sent);
      const avoid = await stage.runner(sent);
      await stage.rest(stage.random.whole(500, 8_000));
      stage.cancel(taskId, { avoid, promptMs: PROMPT_MS + 2_000 });
    },
  },
  // The executor does as if it had not heard: its task is canceled all the same, at the deadline.
  {
    rates: NO_FAULTS,
    play: async (stage) => {
      const script = plainScript('COMPLETED', { chunks: 12, gapMs: 20_000, deaf: true });
      const sent = stage.send(script, { mode: 'immediate' });
      const taskId = await stage.task(sent);
      const avoid = await stage.runner(sent);
      stage.cancel(taskId, { avoid });
      await stage.expect('I6', 'A cancel waits for its runner.', CANCEL_MS + PROMPT_MS, () =>
        Boolean(sent.truth?.sealed),
      );
    },
  },
  // Whoever cancels dies, and the executor does as if it had not heard: its own server sees to it.
  {
    rates: NO_FAULTS,
    isPatient: true,
    play: async (stage) => {
      const script = plainScript('COMPLETED', { chunks: 12, gapMs: 20_000, deaf: true });
      const sent = stage.send(script, { mode: 'immediate' });
      const taskId = await stage.task(sent);
      const avoid = await stage.runner(sent);
      stage.cancel(taskId, { avoid, leaves: true });
      await stage.until(() => sent.truth?.cancelRequested);
      for (const { process } of stage.fleet.servers) if (process !== avoid) stage.crash(process);
      await stage.expect('I6', 'A cancel ends with its caller.', 2 * CANCEL_MS, () =>
        Boolean(sent.truth?.sealed),
      );
    },
  },
];
