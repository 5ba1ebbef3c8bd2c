import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as outgoingRequest,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { BackendError } from '@a2a-aws/core';
import { LOOPBACK, loopbackUrl } from '../loopback.ts';

/** A reverse proxy on loopback that takes its upstreams by turns. */
export interface LoadBalancer {
  readonly url: string;
  /** Ends the open connections, and frees the port. */
  close(): Promise<void>;
}

/**
 * Starts a load balancer on `port`, or on a free one if that is 0. Requests and answers stream
 * through it. Each request goes to the next of the base URLs that `upstreams` gives, those that do
 * not accept a connection being passed over; when none does, the answer is 503 with Retry-After. A
 * request that has reached an upstream is never sent to another.
 *
 * @throws BackendError `configuration` when the port cannot be bound.
 */
export async function startLoadBalancer(
  port: number,
  upstreams: () => readonly string[],
): Promise<LoadBalancer> {
  let turn = 0;
  const server = createServer((incoming, response) => {
    const urls = upstreams();
    const first = turn % Math.max(urls.length, 1);
    turn += 1;
    void forward(incoming, response, [...urls.slice(first), ...urls.slice(0, first)]);
  });
  try {
    server.listen(port, LOOPBACK);
    await once(server, 'listening');
  } catch (cause) {
    throw new BackendError('configuration', 'The port cannot be bound.', { cause });
  }
  return {
    url: loopbackUrl((server.address() as AddressInfo).port),
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function forward(
  incoming: IncomingMessage,
  response: ServerResponse,
  urls: readonly string[],
): Promise<void> {
  for (const url of urls) {
    // Connected before anything of the body was read, so that another can still be tried.
    const socket = await connected(url);
    if (response.destroyed) {
      socket?.destroy();
      return;
    }
    if (socket) {
      pass(incoming, response, socket);
      return;
    }
  }
  response.writeHead(503, { 'retry-after': '1' }).end();
}

function pass(incoming: IncomingMessage, response: ServerResponse, socket: Socket): void {
  const outgoing = outgoingRequest({
    createConnection: () => socket,
    method: incoming.method,
    path: incoming.url,
    headers: endToEnd(incoming.headers),
  });
  // The end of either side is the end of the other. A failed connection has been cut off by then.
  pipeline(incoming, outgoing, () => {});
  response.once('close', () => outgoing.destroy());
  outgoing.once('error', () => {
    if (response.headersSent) response.destroy();
    else response.writeHead(502).end();
  });
  outgoing.once('response', (answer) => {
    const { 'transfer-encoding': _, ...headers } = endToEnd(answer.headers);
    response.writeHead(answer.statusCode ?? 502, headers);
    response.flushHeaders();
    pipeline(answer, response, () => {});
  });
}

/** Without the headers that concern one connection alone (RFC 9110, section 7.6.1). */
function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { connection, 'keep-alive': _, ...others } = headers;
  return others;
}

function connected(url: string): Promise<Socket | undefined> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(socket));
    socket.on('error', () => resolve(undefined));
  });
}
