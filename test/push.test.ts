import type { StreamResponse, Task } from '@a2a-js/sdk';
import type { PushNotificationSender } from '@a2a-js/sdk/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from './fixtures/eventually.ts';
import { Fleet } from './fixtures/fleet.ts';
import { send } from './fixtures/requests.ts';
import { stateName } from './fixtures/task-picture.ts';

const timeout = 60_000;
const pushed: StreamResponse[] = [];
const pushNotificationSender: PushNotificationSender = {
  send: async (event) => {
    pushed.push(event);
  },
};
let fleet: Fleet;

beforeAll(async () => {
  fleet = await Fleet.start({}, { pushNotificationSender });
}, timeout);
afterAll(() => fleet.stop(), timeout);

/** The states that were pushed for a task, in their order. */
function states(id: string): string[] {
  return pushed.flatMap(({ payload }) => {
    if (payload?.$case === 'task' && payload.value.id === id) {
      return [stateName(payload.value.status?.state)];
    }
    if (payload?.$case === 'statusUpdate' && payload.value.taskId === id) {
      return [stateName(payload.value.status?.state)];
    }
    return [];
  });
}

test.each([
  ['throws', () => Promise.reject(new Error('Thrown on purpose.'))],
  ['ends without a final status', () => Promise.resolve()],
])('FAILED is pushed, once, for an executor that %s', { timeout }, async (_, end) => {
  const text = fleet.script(async (turn) => {
    turn.task();
    await end();
  });
  const a = await fleet.a.client();

  const { id } = (await a.sendMessage(send(text))) as Task;

  await eventually('the push', () => states(id).includes('FAILED'));
  await eventually('the end of the run', () => fleet.a.backend.stats().runs === 0);
  expect(states(id)).toEqual(['WORKING', 'FAILED']);
});
