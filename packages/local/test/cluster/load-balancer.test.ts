import { once } from 'node:events';
import {
  type ClientRequest,
  createServer,
  type IncomingMessage,
  type RequestListener,
  request,
  type Server,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { type LoadBalancer, startLoadBalancer } from '../../src/cluster/load-balancer.ts';
import { listens } from '../fixtures/processes.ts';

const servers: Server[] = [];
const balancers: LoadBalancer[] = [];

afterEach(async () => {
  await Promise.all(balancers.splice(0).map((balancer) => balancer.close()));
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function upstream(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const named = (name: string) => upstream((_request, response) => response.end(name));

async function balance(...upstreams: string[]): Promise<string> {
  const balancer = await startLoadBalancer(0, () => upstreams);
  balancers.push(balancer);
  return balancer.url;
}

/** An upstream's address that refuses connections: servers do not use the first port. */
const REFUSING = 'http://127.0.0.1:1';

async function answers(url: string, count: number): Promise<string[]> {
  const bodies: string[] = [];
  while (bodies.length < count) bodies.push(await (await fetch(url)).text());
  return bodies;
}

function post(url: string): { sent: ClientRequest; answer: Promise<IncomingMessage> } {
  const sent = request(url, { method: 'POST', agent: false });
  return { sent, answer: once(sent, 'response').then(([answer]) => answer) };
}

test('upstreams take turns', async () => {
  const url = await balance(await named('a'), await named('b'), await named('c'));
  expect(await answers(url, 6)).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
});

test('requests and answers pass unchanged', async () => {
  const url = await balance(
    await upstream(async (incoming, response) => {
      const { method, url: path, headers } = incoming;
      const body = await text(incoming);
      response.writeHead(418, { 'x-mine': headers['x-mine'], 'set-cookie': ['a=1', 'b=2'] });
      response.end(JSON.stringify({ method, path, body }));
    }),
  );
  const answer = await fetch(`${url}/some/path?and=query`, {
    method: 'PUT',
    headers: { 'x-mine': 'yes' },
    body: 'body',
  });
  expect(answer.status).toBe(418);
  expect(answer.headers.get('x-mine')).toBe('yes');
  expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  expect(await answer.json()).toEqual({
    method: 'PUT',
    path: '/some/path?and=query',
    body: 'body',
  });
});

test('both directions stream', async () => {
  const url = await balance(
    await upstream((incoming, response) => {
      // Each piece is answered before the next is sent.
      incoming.setEncoding('utf8').on('data', (piece) => response.write(`${piece}!`));
      incoming.on('end', () => response.end());
    }),
  );
  const { sent, answer } = post(url);
  sent.write('one');
  const pieces = (await answer).setEncoding('utf8')[Symbol.asyncIterator]();
  expect(await pieces.next()).toEqual({ done: false, value: 'one!' });
  sent.write('two');
  expect(await pieces.next()).toEqual({ done: false, value: 'two!' });
  sent.end();
  expect((await pieces.next()).done).toBe(true);
});

test('skips an upstream that does not listen, and loses no part of the request', async () => {
  const echo = await upstream((incoming, response) => void incoming.pipe(response));
  const url = await balance(REFUSING, echo, REFUSING);
  for (const body of ['one', 'two', 'three', 'four']) {
    const answer = await fetch(url, { method: 'POST', body });
    expect([answer.status, await answer.text()]).toEqual([200, body]);
  }
});

test('without any upstream it answers that the client should retry', async () => {
  for (const url of [await balance(), await balance(REFUSING, REFUSING)]) {
    const answer = await fetch(url);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
  }
});

test('an upstream that dies before its answer had the request: no other gets it', async () => {
  const dying = await upstream((incoming) => incoming.socket.destroy());
  const url = await balance(dying, await named('other'));
  expect((await fetch(url, { method: 'POST', body: 'once' })).status).toBe(502);
});

test('an upstream that dies during its answer cuts it off', async () => {
  const url = await balance(
    await upstream((incoming, response) => {
      response.write('half');
      setTimeout(() => incoming.socket.destroy(), 50);
    }),
  );
  const answer = await fetch(url);
  expect(answer.status).toBe(200);
  await expect(answer.text()).rejects.toThrow();
});

test('a client that leaves ends the answer upstream', async () => {
  let left = (): void => {};
  const closed = new Promise<void>((resolve) => {
    left = resolve;
  });
  const url = await balance(
    await upstream((_incoming, response) => {
      response.once('close', left);
      response.write('forever');
    }),
  );
  const { sent, answer } = post(url);
  sent.end();
  await once(await answer, 'data');
  sent.destroy();
  await closed;
});

test('a closed load balancer has freed its port and cut its connections', async () => {
  const url = await upstream((_incoming, response) => void response.write('forever'));
  const balancer = await startLoadBalancer(0, () => [url]);
  const answer = await fetch(balancer.url);
  const body = answer.text().catch(() => 'cut off');
  await balancer.close();
  expect(await body).toBe('cut off');
  expect(await listens(balancer.url)).toBe(false);
});

test('a port that is taken is a matter of configuration', async () => {
  const taken = Number(new URL(await named('a')).port);
  await expect(startLoadBalancer(taken, () => [])).rejects.toMatchObject({
    name: 'BackendError',
    code: 'configuration',
  });
});
