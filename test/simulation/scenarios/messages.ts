import { NO_FAULTS, SOME_FAULTS } from '@a2a-aws/testkit/fakes';
import { plainScript } from '../script.ts';
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
];
