import { asGeneration, silentLogger, systemClock } from '@a2a-aws/core';
import { EMPTY_STATE, type OpenLog } from '@a2a-aws/core/internal';
import { TaskStatusUpdateEvent } from '@a2a-js/sdk';
import { AgentEvent, ServerCallContext } from '@a2a-js/sdk/server';
import { expect, test } from 'vitest';
import { PushJobs } from '../../src/pushes/push-jobs.ts';
import type { PushDeps } from '../../src/pushes/push-queue.ts';
import { Pusher } from '../../src/pushes/pusher.ts';
import { UserErrors } from '../../src/user-code/user-errors.ts';

const context = new ServerCallContext({});
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The log of a task, as it is opened again for each follow-up. */
function opened(taskId: string): OpenLog {
  const key = { tenant: '', owner: 'o', taskId };
  return { log: { key, state: EMPTY_STATE } } as unknown as OpenLog;
}

const status = (state: string) =>
  AgentEvent.statusUpdate(TaskStatusUpdateEvent.fromJSON({ taskId: 't', status: { state } }));

test('a follow-up waits for the pushes of the run before; other tasks do not', async () => {
  const sent: string[] = [];
  const open: (() => void)[] = [];
  const deps = {
    store: undefined,
    clock: systemClock,
    logger: silentLogger,
    errors: new UserErrors({ logErrorMessages: false }, silentLogger),
    sender: {
      send: ({ payload }) => {
        if (payload?.$case === 'statusUpdate') sent.push(`${payload.value.status?.state}`);
        return new Promise((resolve) => open.push(resolve));
      },
    },
  } satisfies PushDeps;
  const pusher = new Pusher(deps, new PushJobs());
  const first = pusher.follow(opened('t'), context);
  first(status('TASK_STATE_WORKING'), asGeneration(0));
  first(status('TASK_STATE_INPUT_REQUIRED'), asGeneration(1));
  await settled();

  pusher.follow(opened('t'), context)(status('TASK_STATE_COMPLETED'), asGeneration(2));
  pusher.follow(opened('other'), context)(status('TASK_STATE_REJECTED'), asGeneration(0));
  await settled();
  expect(sent).toEqual(['2', '7']);

  for (let resolve = open.shift(); resolve; resolve = open.shift()) {
    resolve();
    await settled();
  }
  expect(sent).toEqual(['2', '7', '6', '3']);
});
