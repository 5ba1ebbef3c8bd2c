import { type CallOutcome, type FakeCall, steady } from '@a2a-aws/testkit/fakes';
import type { Task } from '@a2a-js/sdk';
import { expect, test } from 'vitest';
import { failure } from './fixtures/eventually.ts';
import { FakeDeployment } from './fixtures/fake-deployment.ts';
import { callContext, get, send } from './fixtures/requests.ts';

/** Longer than a sender waits for its run to start, in milliseconds. */
const LONG_MS = 17_000;

const isIntent = ({ operation, input }: FakeCall): boolean => {
  const { Item } = input as { readonly Item?: Readonly<Record<string, unknown>> };
  return operation === 'PutItem' && String(Item?.sk).startsWith('run#');
};

test('[I10] a run that starts after its sender has given up sees the task with all messages', async () => {
  let isSlow = false;
  const plan = steady();
  const call = (asked: FakeCall): CallOutcome =>
    isSlow && isIntent(asked) ? { acts: [LONG_MS], answers: LONG_MS } : plan.call(asked);
  const deployment = new FakeDeployment('late', { faults: { ...plan, call } });
  const { clock } = deployment;
  const { backend, handler } = deployment.server('a');
  await clock.run(backend.start());
  const asks = deployment.scripts.add((turn) => turn.task('INPUT_REQUIRED'));
  const { id } = (await clock.run(handler.sendMessage(send(asks), callContext()))) as Task;
  let seen: Task | undefined;
  const answers = deployment.scripts.add((turn) => {
    seen = turn.request.task;
    turn.status('COMPLETED');
  });

  isSlow = true;
  const given = failure('send', handler.sendMessage(send(answers, { taskId: id }), callContext()));
  await clock.advance(LONG_MS - 1);
  expect((await given).message).toMatch(/Try again/);
  isSlow = false;
  await clock.advance(1_000);

  const done = await clock.run(handler.getTask(get(id), callContext()));
  expect(done.history).toHaveLength(2);
  expect(seen?.history).toEqual(done.history);
  await clock.run(backend.stop({ drainMs: 0 }));
});
