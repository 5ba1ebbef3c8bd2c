import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createDynamoDBClient } from '../src/clients.ts';

afterEach(() => vi.unstubAllEnvs());

describe('a client of DynamoDB', () => {
  test('keeps its time-outs and tries, whatever the environment contains', async () => {
    vi.stubEnv('AWS_RETRY_MODE', 'adaptive');
    vi.stubEnv('AWS_MAX_ATTEMPTS', '10');
    const { config } = createDynamoDBClient({ region: 'eu-west-1' });
    expect(await config.maxAttempts()).toBe(3);
    // The strategy of the mode `standard`: it never holds a first try back.
    expect(await config.retryStrategy()).toMatchObject({ mode: 'standard' });
  });

  test('copies no answer for a logger', () => {
    const { middlewareStack } = createDynamoDBClient();
    expect(middlewareStack.identify().join()).not.toContain('logger');
  });

  test('has sockets of its own', () => {
    const [one, other] = [createDynamoDBClient(), createDynamoDBClient()];
    expect(one.config.requestHandler).not.toBe(other.config.requestHandler);
  });

  test('signs no more calls than it has sockets', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client = createDynamoDBClient({
      region: 'eu-west-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      endpoint: `http://127.0.0.1:${port}`,
    });
    let signed = 0;
    client.middlewareStack.add(
      (next) => (call) => {
        signed += 1;
        return next(call);
      },
      { step: 'finalizeRequest' },
    );
    const leaver = new AbortController();
    const get = () =>
      client.send(new GetCommand({ TableName: 'table', Key: { id: '1' } }), {
        abortSignal: leaver.signal,
      });
    const waiting = new Set<ServerResponse>();
    server.on('request', (_, response) => waiting.add(response));
    const calls = Promise.allSettled(Array.from({ length: 120 }, get));
    await expect.poll(() => waiting.size).toBe(50);
    expect(signed).toBe(50);
    for (const response of waiting) response.end('{}');
    waiting.clear();
    await expect.poll(() => waiting.size).toBe(50);
    expect(signed).toBe(100);
    leaver.abort();
    const results = await calls;
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(50);
    client.destroy();
    server.close();
  });

  test('passes the result of a call to its callback', async () => {
    const client = createDynamoDBClient({ region: 'eu-west-1' });
    const get = new GetCommand({ TableName: '', Key: {} });
    const error = await new Promise((resolve) => client.send(get, resolve));
    expect(error).toBeInstanceOf(Error);
    client.destroy();
  });
});
