import { setTimeout as sleep } from 'node:timers/promises';
import type { StreamResponse, Task } from '@a2a-js/sdk';
import type { PushNotificationSender, PushNotificationStore } from '@a2a-js/sdk/server';
import { BackendError } from 'a2a-aws';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { captureOutput } from './fixtures/captured-output.ts';
import { eventually, Gate } from './fixtures/eventually.ts';
import { Fleet } from './fixtures/fleet.ts';
import { cancel, send } from './fixtures/requests.ts';
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
  fleet = await Fleet.start({ cancelDeadlineMs: 500 }, { pushNotificationSender });
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

test('events of the backend itself are pushed once, however many runs of the task are here', {
  timeout,
}, async () => {
  const gate = new Gate();
  const text = fleet.script(async (turn) => {
    turn.task();
    await gate.opened;
  });
  const a = await fleet.a.client();
  const { id } = (await a.sendMessage(send(text, { returnImmediately: true }))) as Task;
  await a.sendMessage(send(text, { taskId: id, returnImmediately: true }));
  await eventually('both runs', () => states(id).length === 2);

  await a.cancelTask(cancel(id));
  gate.open();
  await eventually('the push', () => states(id).includes('CANCELED'));
  await eventually('the end of the runs', () => fleet.a.backend.stats().runs === 0);

  expect(states(id).filter((state) => state === 'CANCELED')).toHaveLength(1);
});

test('[I6] a stop waits until it is pushed how the last task ended', { timeout }, async () => {
  const told: StreamResponse[] = [];
  const push: PushNotificationSender['send'] = async (event) => {
    await sleep(200);
    told.push(event);
  };
  const slow = await Fleet.start({}, { pushNotificationSender: { send: push } });
  try {
    const text = slow.script((turn) => {
      turn.task();
      turn.status('COMPLETED');
    });
    const a = await slow.a.client();
    await a.sendMessage(send(text));

    await slow.a.backend.stop();

    expect(told.map(({ payload }) => payload?.$case)).toEqual(['task', 'statusUpdate']);
  } finally {
    await slow.stop();
  }
});

describe('with the sender of the SDK', () => {
  let own: Fleet;
  let looks = 0;
  /** The fault of all reads of the configs of a task, except the first ones. */
  let fault: { readonly taskId: string; readonly error: Error; readsLeft: number } | undefined;
  let saved = (_taskId: string): void => {};
  const pushNotificationStore: PushNotificationStore = {
    load: async (taskId) => {
      looks += 1;
      if (fault?.taskId !== taskId) return [];
      fault.readsLeft -= 1;
      if (fault.readsLeft < 0) throw fault.error;
      return [];
    },
    save: async (taskId) => saved(taskId),
    delete: async () => {},
  };

  beforeAll(async () => {
    own = await Fleet.start({}, { pushNotificationStore });
  }, timeout);
  afterAll(() => own.stop(), timeout);
  afterEach(() => vi.restoreAllMocks());

  test('[I6] a burst of chunks is not copied, or looked up, once for each chunk', {
    timeout,
  }, async () => {
    const CHUNKS = 1_000;
    const text = own.script((turn) => {
      turn.task();
      turn.chunks('out', 0, CHUNKS);
      turn.status('COMPLETED');
    });
    const a = await own.a.client();
    const copied = vi.spyOn(globalThis, 'structuredClone');
    looks = 0;

    await a.sendMessage(send(text));
    await eventually('the end of the run', () => own.a.backend.stats().runs === 0);

    const parts = copied.mock.calls.map(([value]) => partsIn(value));
    expect(parts.reduce((sum, count) => sum + count, 0)).toBeLessThan(10 * CHUNKS);
    expect(looks).toBeLessThan(CHUNKS / 10);
  });

  test('a store that fails is logged by its code, and no text is printed', {
    timeout,
  }, async () => {
    const cause = new Error('SECRET of a service');
    // The send itself reads the configs once more.
    saved = (taskId) => {
      const error = new BackendError('unreachable', 'No answer.', { cause });
      fault = { taskId, error, readsLeft: 1 };
    };
    const output = captureOutput();
    const text = own.script((turn) => {
      turn.task();
      turn.status('COMPLETED');
    });
    const a = await own.a.client();

    await a.sendMessage(send(text, { pushUrl: 'https://receiver.test/hook' }));
    const failed = await eventually('the log event', () =>
      own.a.logger.lines.find(({ event }) => event === 'push.store-retried'),
    );

    expect(failed).toMatchObject({ fields: { code: 'unreachable' } });
    expect(`${output.text()}${own.log}`).not.toMatch(/SECRET|No answer|receiver\.test/i);
  });
});

/** How many parts a task holds. */
function partsIn(value: unknown): number {
  const { artifacts = [] } = (value ?? {}) as Partial<Task>;
  return artifacts.reduce((sum, { parts }) => sum + parts.length, 0);
}
