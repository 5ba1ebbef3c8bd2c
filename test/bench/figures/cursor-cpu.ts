import { once } from 'node:events';
import { get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '@a2a-aws/core';
import type { A2ARequestHandler } from '@a2a-js/sdk/server';
import { restHandler, UserBuilder } from '@a2a-js/sdk/server/express';
import { type Backend, createBackend } from 'a2a-aws';
import express from 'express';
import { agentCard } from '../../fixtures/agent-card.ts';
import { FakeDeployment } from '../../fixtures/fake-deployment.ts';
import { callContext, send } from '../../fixtures/requests.ts';
import { DirectedAgent, type DirectedTask } from '../agent/directed-agent.ts';
import { median } from '../quantile.ts';
import type { Row } from '../row.ts';
import { TARGETS } from '../targets.ts';

const EVENTS = 1_500;
const ROUNDS = 9;

/**
 * Measures the CPU time of an event on a stream over HTTP, with `backend.express()` and without it.
 * Without the middleware no frame has a cursor, so the difference is the most that cursors cost.
 */
export async function cursorCpu(): Promise<Row[]> {
  const backend = createBackend(new FakeDeployment('bench', { clock: systemClock }).options());
  await backend.start();
  let begun = (_: DirectedTask): void => {};
  const handler = backend.requestHandler(
    agentCard('http://127.0.0.1'),
    new DirectedAgent((task) => begun(task)),
  );
  const servers = [await serve(handler, backend), await serve(handler)] as const;
  const begin = (): Promise<DirectedTask> =>
    new Promise((resolve) => {
      begun = resolve;
      void handler.sendMessage(send('Begin.'), callContext());
    });
  const cpu = { with: [] as number[], without: [] as number[] };
  try {
    // Warms up compiled code.
    for (const server of servers) await cpuPerEvent(server, await begin());
    for (let round = 0; round < ROUNDS; round += 1) {
      cpu.with.push(await cpuPerEvent(servers[0], await begin()));
      cpu.without.push(await cpuPerEvent(servers[1], await begin()));
    }
  } finally {
    for (const server of servers) server.close();
    await backend.stop();
  }
  const group = `CPU of this process for each of ${EVENTS} events of a stream, one event a record, client and AWS included`;
  const [withCursors, without] = [median(cpu.with), median(cpu.without)];
  return [
    { group, label: 'with cursors', value: withCursors, unit: 'ms' },
    { group, label: 'without the middleware', value: without, unit: 'ms' },
    {
      group,
      label: 'ratio',
      value: withCursors / without,
      unit: '×',
      target: TARGETS.cursorCpu,
    },
  ];
}

async function serve(requestHandler: A2ARequestHandler, backend?: Backend): Promise<Server> {
  const app = express();
  if (backend) app.use(backend.express());
  app.use(restHandler({ requestHandler, userBuilder: UserBuilder.noAuthentication }));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function cpuPerEvent(server: Server, task: DirectedTask): Promise<number> {
  const { port } = server.address() as AddressInfo;
  const path = `/tasks/${task.taskId}:subscribe`;
  const headers = { 'A2A-Version': '1.0' };
  const request = get({ host: '127.0.0.1', port, path, headers, agent: false });
  const [response] = await once(request, 'response');
  let bytes = 0;
  response.on('data', (part: Buffer) => {
    bytes += part.length;
  });
  await once(response, 'data');
  const before = process.cpuUsage();
  for (let at = 0; at < EVENTS; at += 1) await task.publish(1);
  task.complete();
  await once(response, 'end');
  const { user, system } = process.cpuUsage(before);
  if (bytes < EVENTS * 200) throw new Error(`The stream had only ${bytes} bytes.`);
  return (user + system) / 1_000 / EVENTS;
}
