import type { Task } from '@a2a-js/sdk';
import type { OnError } from 'a2a-aws';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { eventually, failure } from './fixtures/eventually.ts';
import { Fleet } from './fixtures/fleet.ts';
import { cancel, get, send } from './fixtures/requests.ts';
import { stateName } from './fixtures/task-picture.ts';

const SECRET = 'x-marker-of-an-error-x';
const onError = vi.fn<OnError>();
let fleet: Fleet;

beforeAll(async () => {
  fleet = await Fleet.start(
    {
      onError,
      ownerResolver: ({ user }) => {
        if (user?.userName === 'nobody') throw new TypeError(SECRET);
        return user?.userName ?? '';
      },
    },
    {
      pushNotificationSender: {
        send: () => {
          throw new RangeError(SECRET);
        },
      },
    },
  );
  fleet.a.agent.cancelTask = async () => {
    throw new SyntaxError(SECRET);
  };
}, 60_000);

afterAll(() => fleet.stop());

const caught = (source: string): unknown[][] =>
  onError.mock.calls.filter(([, about]) => about.source === source);

test('the hook gets what the executor and the sender threw', async () => {
  const client = await fleet.a.client();
  const text = fleet.script((turn) => {
    turn.task();
    throw new Error(SECRET);
  });
  const task = (await client.sendMessage(send(text))) as Task;
  expect(stateName(task.status?.state)).toBe('FAILED');
  expect(JSON.stringify(task)).not.toContain(SECRET);
  expect(caught('executor')).toEqual([
    [
      expect.objectContaining({ message: SECRET }),
      { source: 'executor', taskId: task.id, run: expect.any(String) },
    ],
  ]);
  await eventually('a push', async () => caught('pushSender').length > 0);
  expect(caught('pushSender')[0]).toEqual([
    expect.any(RangeError),
    { source: 'pushSender', taskId: task.id },
  ]);
});

test('the hook gets what cancelTask threw', async () => {
  onError.mockClear();
  const client = await fleet.a.client();
  const text = fleet.script(async (turn) => {
    turn.task();
    await new Promise((resolve) => turn.run.signal.addEventListener('abort', resolve));
    turn.status('CANCELED');
  });
  const begun = (await client.sendMessage(send(text, { returnImmediately: true }))) as Task;
  const task = await client.cancelTask(cancel(begun.id));
  expect(stateName(task.status?.state)).toBe('CANCELED');
  expect(caught('executor')).toEqual([
    [expect.any(SyntaxError), { source: 'executor', taskId: task.id, run: expect.any(String) }],
  ]);
});

test('the hook gets what ownerResolver threw, and the client a fixed text', async () => {
  const client = await fleet.a.client('JSONRPC', 'nobody');
  const error = await failure('GetTask', client.getTask(get('1')));
  expect(String(error)).not.toContain(SECRET);
  expect(caught('ownerResolver')).toEqual([
    [expect.any(TypeError), { source: 'ownerResolver', method: 'GetTask' }],
  ]);
});

test('no line holds what was thrown; each says whose code it was', () => {
  const lines = fleet.a.logger.lines.filter(({ level }) => level === 'error');
  expect(lines.map(({ event, fields: { source } }) => [event, source])).toEqual([
    ['run.executor-failed', 'executor'],
    ['run.cancel-failed', 'executor'],
    ['request.failed', 'ownerResolver'],
  ]);
  expect(fleet.log).not.toContain(SECRET);
});
