import { afterEach, describe, expect, test, vi } from 'vitest';
import { createDynamoDBClient } from '../src/clients.ts';

afterEach(() => vi.unstubAllEnvs());

describe('a client of DynamoDB', () => {
  test('keeps its time-outs and tries whatever the environment says', async () => {
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
});
