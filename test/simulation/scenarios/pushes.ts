import { NO_FAULTS } from '@a2a-aws/testkit/fakes';
import { plainScript } from '../script.ts';
import type { Scenario } from './scenario.ts';

/** Push notifications, whose configuration came with the message. */
export const PUSHES: readonly Scenario[] = [
  // The runner pushes the events of its log. If it is lost, the instance that resumes the run does.
  {
    rates: NO_FAULTS,
    pushes: true,
    play: async (driver) => {
      const { random } = driver;
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
];
