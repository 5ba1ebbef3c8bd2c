import { NO_FAULTS, SOME_FAULTS } from '@a2a-aws/testkit/fakes';
import { plainScript } from '../script.ts';
import type { SimulatedClient } from '../simulated-client.ts';
import { sortKey } from './calls.ts';
import type { Scenario } from './scenario.ts';

/** Messages that come again, and runs that go on elsewhere. */
export const MESSAGES: readonly Scenario[] = [
  // A run that was resumed asks for credentials, and whoever waits for its answer hears of it.
  {
    rates: NO_FAULTS,
    onOrphan: 'resume',
    isPatient: true,
    play: async (stage) => {
      const script = plainScript('AUTH_THEN_HANGS', { chunks: 2, gapMs: 6_000 });
      const sent = stage.send(script, { mode: 'immediate', messageId: 'sent-twice' });
      await stage.task(sent);
      const runner = await stage.runner(sent);
      stage.crash(runner);
      await stage.rest(stage.random.whole(500, 5_000));
      stage.send(script, { messageId: 'sent-twice', mode: 'blocking' });
    },
  },
  // A message is sent again when others have gone on with its task.
  {
    rates: SOME_FAULTS,
    play: async (stage) => {
      const script = plainScript('INPUT_REQUIRED', { chunks: 1 });
      const sent = stage.send(script, { messageId: 'sent-twice' });
      const taskId = await stage.task(sent);
      await stage.until(() => sent.outcome === 'done');
      const next = stage.send(plainScript('COMPLETED', { chunks: 2, gapMs: 3_000 }), { taskId });
      await stage.until(() => (next.truth?.generation ?? 0) > 3 && stage.random.percent(30));
      for (let n = 0; n < 2; n += 1) {
        stage.send(script, { messageId: 'sent-twice', mode: 'blocking' });
      }
    },
  },
  // A run dies with its instance while that was about to cancel: it is executed again elsewhere.
  {
    rates: NO_FAULTS,
    onOrphan: 'resume',
    isPatient: true,
    play: async (stage) => {
      const sent = stage.send(plainScript('HANGS'), { mode: 'immediate' });
      const taskId = await stage.task(sent);
      const at = await stage.runner(sent);
      await stage.rest(stage.random.whole(500, 4_000));
      stage.fleet.onPoint = (process, point, _, input) => {
        if (process === at && point === 'before' && sortKey(input).startsWith('event#')) {
          stage.crash(at);
        }
      };
      // Several intents, of which none comes to anything.
      for (let n = 0; n < 10; n += 1) stage.cancel(taskId, { at, leaves: true });
      await stage.resumed(sent);
    },
  },
  // A server is stopped while it executes what may be executed again: others go on with it.
  {
    rates: NO_FAULTS,
    onOrphan: 'resume',
    isPatient: true,
    play: async (stage) => {
      const sent = stage.send(plainScript('HANGS'));
      await stage.task(sent);
      const at = await stage.runner(sent);
      await stage.rest(stage.random.whole(500, 4_000));
      const server = stage.fleet.servers.find(({ process }) => process === at);
      if (server) stage.fleet.terminate(server, stage.random.pick([0, 2_000]));
      await stage.resumed(sent);
    },
  },
  // Clients of one owner number their messages: each has its own task. A message sent again while
  // nothing was answered yet has the same one.
  {
    rates: NO_FAULTS,
    play: async (stage) => {
      const script = plainScript('COMPLETED', { chunks: 2, gapMs: 4_000 });
      const first = stage.send(script, { messageId: '1' });
      await stage.task(first);
      const again = stage.send(script, { messageId: '1', mode: 'blocking' });
      const isDone = (client: SimulatedClient) => (): boolean => client.outcome === 'done';
      await stage.until(isDone(first));
      await stage.until(isDone(again));
      const other = stage.send(script, { messageId: '1', mode: 'blocking' });
      await stage.until(isDone(other));
      if (again.taskId !== first.taskId) stage.violate('retry', 'A message was executed twice.');
      if (other.taskId === first.taskId) {
        stage.violate('retry', 'A message got the task of another that had its id.');
      }
    },
  },
];
