import type { LogStorage } from '@a2a-aws/core';
import { expect, test } from 'vitest';
import { proposeAnswer } from '../../../core/src/model/proposal.ts';
import { encode } from '../../../core/src/model/record.ts';
import { authorOf, say } from '../../../core/test/fixtures/author.ts';
import {
  chunkOf,
  INPUT_REQUIRED,
  message,
  statusOf,
  taskOf,
  WORKING,
} from '../../../core/test/fixtures/events.ts';
import { OpenLogsFleet, openRun } from '../../../core/test/fixtures/open-logs-fleet.ts';
import { blockingAnswer } from '../../src/handler/task-result.ts';

const { signal } = new AbortController();

test('[I6] a message sent again for a result that is not kept any more gets the task as it is', async () => {
  const fleet = new OpenLogsFleet();
  const open = await openRun(await fleet.peer('a'));
  await say(open.log, 'run-a', taskOf(WORKING));
  await say(open.log, 'run-a', statusOf(INPUT_REQUIRED));
  await say(open.log, 'run-a', chunkOf('later', 'x'));
  const expired: LogStorage = Object.assign(Object.create(fleet.storage), {
    readRecords: async function* () {},
  });
  const then = await blockingAnswer(open, fleet.storage, 'run-a', signal);
  const now = await blockingAnswer(open, expired, 'run-a', signal);
  expect(then).toEqual({ task: { ...open.log.task(), artifacts: [] }, generation: 2 });
  expect(now).toEqual({ task: open.log.task(), generation: 3 });
});

test('[I6] a message sent again gets the question of its run, although the run answered after that', async () => {
  const fleet = new OpenLogsFleet();
  const open = await openRun(await fleet.peer('a'));
  await say(open.log, 'run-a', taskOf(WORKING));
  await say(open.log, 'run-a', statusOf(INPUT_REQUIRED));
  const first = await blockingAnswer(open, fleet.storage, 'run-a', signal);
  const answer = encode({ kind: 'answer', run: 'run-a', message: message('late') });
  await open.log.append(proposeAnswer(authorOf('a'), 'run-a', answer, true));
  const again = await blockingAnswer(open, fleet.storage, 'run-a', signal);
  expect(again).toEqual(first);
});
