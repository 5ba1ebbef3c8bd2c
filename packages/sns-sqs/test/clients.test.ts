import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ListTopicsCommand } from '@aws-sdk/client-sns';
import { GetQueueUrlCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { awsError } from '../src/aws-error.ts';
import { createFanoutClients, type FanoutClients } from '../src/clients.ts';

/** The SDK's own handler on node, as far as the tests read it. */
interface NodeHttpHandler {
  httpHandlerConfigs(): object;
}

const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };

let server: Server;
let hosts: (string | undefined)[];
let clients: FanoutClients;

beforeEach(async () => {
  hosts = [];
  server = createServer((request, response) => {
    hosts.push(request.headers.host);
    response.writeHead(503).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${port}`);
  clients = createFanoutClients({ region: 'eu-west-1', credentials: CREDENTIALS });
});

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const client of Object.values(clients)) client.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const receive = new ReceiveMessageCommand({
  QueueUrl: 'https://sqs.eu-west-1.amazonaws.com/123456789012/a2a-one',
});

describe('createFanoutClients', () => {
  test('tries a call three times, a poll once', async () => {
    await expect(clients.sns.send(new ListTopicsCommand({}))).rejects.toThrow();
    expect(hosts.splice(0)).toHaveLength(3);
    await expect(clients.sqs.send(new GetQueueUrlCommand({ QueueName: 'q' }))).rejects.toThrow();
    expect(hosts.splice(0)).toHaveLength(3);
    await expect(clients.polling.send(receive)).rejects.toThrow();
    expect(hosts).toHaveLength(1);
  });

  test('sends to the configured endpoint, whatever endpoint the queue URL has', async () => {
    const failure = await clients.polling.send(receive).catch((error: unknown) => error);
    expect(hosts).toHaveLength(1);
    expect(awsError(failure).code).toBe('unreachable');
  });

  test('lets every request end', async () => {
    // A handler resolves its settings with its first request.
    await Promise.allSettled([
      clients.sns.send(new ListTopicsCommand({})),
      clients.sqs.send(new GetQueueUrlCommand({ QueueName: 'q' })),
      clients.polling.send(receive),
    ]);
    const timeouts = ({ config }: FanoutClients[keyof FanoutClients]): object =>
      (config.requestHandler as unknown as NodeHttpHandler).httpHandlerConfigs();
    const throwing = { throwOnRequestTimeout: true, connectionTimeout: 2_000 };
    const call = { ...throwing, requestTimeout: 5_000, socketTimeout: 5_000 };
    expect(timeouts(clients.sns)).toMatchObject(call);
    expect(timeouts(clients.sqs)).toMatchObject(call);
    const poll = { ...throwing, requestTimeout: 30_000, socketTimeout: 30_000 };
    expect(timeouts(clients.polling)).toMatchObject(poll);
  });
});

test('keep their time-outs and tries, whatever the environment contains', async () => {
  vi.stubEnv('AWS_RETRY_MODE', 'adaptive');
  vi.stubEnv('AWS_MAX_ATTEMPTS', '10');
  const { sns, sqs, polling } = createFanoutClients({ region: 'eu-west-1' });
  for (const { config } of [sns, sqs, polling]) {
    expect(await config.retryStrategy()).toMatchObject({ mode: 'standard' });
  }
  expect(await sqs.config.maxAttempts()).toBe(3);
  expect(await polling.config.maxAttempts()).toBe(1);
});
