import { SOME_FAULTS } from '@a2a-aws/testkit/fakes';
import { plainScript } from '../script.ts';
import type { Scenario } from './scenario.ts';

const STRANGERS = [
  { tenant: '', owner: 'bob' },
  { tenant: 'blue', owner: 'ann' },
] as const;

/** Tasks of several owners and tenants. */
export const SCOPES: readonly Scenario[] = [
  // The same message from two owners and two tenants makes three tasks. Two of the owners ask for
  // the task of the third.
  {
    rates: SOME_FAULTS,
    play: async (driver) => {
      const script = plainScript('INPUT_REQUIRED', { chunks: 2, gapMs: 3_000 });
      const send = { messageId: 'sent-by-all' } as const;
      const sent = driver.send(script, send);
      for (const scope of STRANGERS) driver.send(script, { ...send, scope });
      const taskId = await driver.task(sent);
      for (const stranger of STRANGERS) void driver.askAsStranger(taskId, stranger);
    },
  },
];
