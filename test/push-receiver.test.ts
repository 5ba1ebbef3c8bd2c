import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { StreamResponse } from '@a2a-js/sdk';
import { TaskPushNotificationConfig } from '@a2a-js/sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clientAt } from './fixtures/clients.ts';
import { eventually } from './fixtures/eventually.ts';
import { Fleet } from './fixtures/fleet.ts';
import { send } from './fixtures/requests.ts';
import { receiverApp } from './readme/push-receiver.ts';

const timeout = 60_000;
const SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const OTHER = `whsec_${Buffer.alloc(32, 2).toString('base64')}`;
const handled: StreamResponse[] = [];
let fleet: Fleet;
let server: Server;
let url: string;

beforeAll(async () => {
  const push = { allowHttp: true, allowPrivateAddresses: true, signingSecret: [OTHER, SECRET] };
  fleet = await Fleet.start({ push });
  server = receiverApp(SECRET, (event) => void handled.push(event)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/pushed`;
}, timeout);
afterAll(async () => {
  await fleet.stop();
  server.closeAllConnections();
  server.close();
}, timeout);

test('the receiver of the guide takes the notifications of a fleet, in order', {
  timeout,
}, async () => {
  const text = fleet.script((turn) => {
    turn.task();
    turn.chunks('out', 0, 3);
    turn.status('COMPLETED', 'é 漢字 𝄞');
  });
  const client = await clientAt(fleet.a.url, 'JSONRPC');
  const request = send(text);
  if (!request.configuration) throw new Error('A request has a configuration.');
  request.configuration.taskPushNotificationConfig = TaskPushNotificationConfig.fromJSON({ url });

  await client.sendMessage(request);

  const kinds = await eventually('the end of the task', () => {
    const all = handled.map(({ payload }) => payload?.$case);
    return all.at(-1) === 'statusUpdate' && all;
  });
  expect(kinds[0]).toBe('task');
  expect(kinds.filter((kind) => kind === 'artifactUpdate').length).toBeGreaterThan(0);
});

test('the receiver of the guide refuses strangers', async () => {
  const answer = await fetch(url, { method: 'POST', body: '{"statusUpdate":{}}' });
  expect(answer.status).toBe(400);
});
