import type { Task } from '@a2a-js/sdk';
import type { ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { A2aNode } from './fixtures/a2a-node.ts';
import { BindingFleet } from './fixtures/binding-fleet.ts';
import { BINDINGS, clientAt } from './fixtures/clients.ts';
import { eventually, failure } from './fixtures/eventually.ts';
import { CALM_OVERLOAD } from './fixtures/fleet.ts';
import { JSON_RPC, REST } from './fixtures/raw-request.ts';
import { cancel, get, send } from './fixtures/requests.ts';

const timeout = 60_000;
/** Gives a message the same owner over all bindings. */
const WAITING = crypto.randomUUID();

let bindings: BindingFleet;
let a: A2aNode;
let taskId: string;
let text: string;

beforeAll(async () => {
  // One open run is as much as an instance takes.
  const overload = { ...CALM_OVERLOAD, maxRuns: 1 };
  bindings = await BindingFleet.start({ overload, logLevel: 'info' });
  ({ a } = bindings.fleet);
  text = bindings.fleet.script(async (turn) => {
    turn.task();
    await turn.untilCanceled();
    turn.status('CANCELED');
  });
  const client = await clientAt(a.url, 'JSONRPC');
  const params = send(text, { messageId: WAITING, returnImmediately: true });
  ({ id: taskId } = (await client.sendMessage(params)) as Task);
}, timeout);
afterAll(() => bindings.stop(), timeout);

test.each(
  [JSON_RPC, REST].flatMap((binding) =>
    (['send', 'stream'] as const).map((method) => ({ method, binding, name: binding.name })),
  ),
)(
  'an overloaded instance refuses a new run over $name, $method: 503 with Retry-After',
  async ({ binding, method }) => {
    const { path, body } = binding.body(method, text);
    const response = await fetch(a.url + path, {
      method: 'POST',
      headers: { ...binding.headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
    expect(await response.text()).toContain('The server cannot take the request now. Try again.');
  },
);

test('it refuses a new run over gRPC as UNAVAILABLE, and another instance takes it', async () => {
  const [url, other] = bindings.urls('GRPC');
  const client = await clientAt(url, 'GRPC');
  const refused = await failure('a new run', client.sendMessage(send(text)));
  expect(refused).toMatchObject({ status: 14 });
  const { metadata } = refused.cause as ServiceError;
  const [details] = metadata.get('grpc-status-details-bin');
  // A `google.rpc.RetryInfo` of two seconds.
  expect(Buffer.from(details ?? '').toString('hex')).toMatch(/12040a020802$/);
  const short = bindings.fleet.script((turn) => {
    turn.task('COMPLETED');
  });
  const task = (await (await clientAt(other, 'GRPC')).sendMessage(send(short))) as Task;
  expect(task.id).not.toBe('');
});

test('[I6] it answers reads, subscriptions, and a message that only waits', async () => {
  for (const binding of BINDINGS) {
    const client = await clientAt(bindings.urls(binding)[0], binding);
    expect(await client.getTask(get(taskId))).toMatchObject({ id: taskId });
    const stream = client.resubscribeTask(get(taskId));
    expect((await stream.next()).value?.payload).toMatchObject({ $case: 'task' });
    await stream.return?.();
    const again = send(text, { messageId: WAITING, returnImmediately: true });
    expect(await client.sendMessage(again)).toMatchObject({ id: taskId });
  }
});

test('it says so in its health and its counters, and once in its log', async () => {
  expect(a.backend.health()).toMatchObject({ ready: true, overloaded: true, runs: 1 });
  expect(a.backend.stats()).toMatchObject({ runs: 1, refusedRuns: 5, startingRuns: 0 });
  expect(a.logger.text.split('overload.began')).toHaveLength(2);
  expect(a.logger.text).not.toContain('request.refused');
});

test('[I6] it cancels its run, and then takes new ones', async () => {
  const client = await clientAt(a.url, 'JSONRPC');
  await client.cancelTask(cancel(taskId));
  await eventually('the overload has ended', () => !a.backend.health().overloaded);
  const short = bindings.fleet.script((turn) => {
    turn.task('COMPLETED');
  });
  expect(await client.sendMessage(send(short))).toMatchObject({ id: expect.any(String) });
  expect(a.logger.text.split('overload.ended')).toHaveLength(2);
});
