import type { ServerResponse } from 'node:http';
import type { Connection } from './connection.ts';

/** Makes the answer a 503 with `Retry-After` if the connection asks the client to try again later. */
export function sendRetryAfter(response: ServerResponse, connection: Connection): void {
  const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
  response.writeHead = (...args: unknown[]): ServerResponse => {
    const { retryAfterSeconds } = connection;
    if (retryAfterSeconds === undefined) return writeHead(...args);
    response.setHeader('Retry-After', `${retryAfterSeconds}`);
    return writeHead(503, ...args.slice(1));
  };
}
