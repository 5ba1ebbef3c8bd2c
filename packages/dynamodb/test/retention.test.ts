import { describe, expect, test } from 'vitest';
import { createDynamoDBClient } from '../src/clients.ts';
import { DynamoDBConsumerOffsets } from '../src/dynamodb-consumer-offsets.ts';
import { DynamoDBPushNotificationStore } from '../src/dynamodb-push-notification-store.ts';
import { DynamoDBTaskStore } from '../src/dynamodb-task-store.ts';

const DAY_MS = 86_400_000;
const table = { client: createDynamoDBClient(), tableName: 'table', prefix: 'a2a' };

describe.each([
  ['DynamoDBTaskStore', DynamoDBTaskStore],
  ['DynamoDBPushNotificationStore', DynamoDBPushNotificationStore],
  ['DynamoDBConsumerOffsets', DynamoDBConsumerOffsets],
])('%s', (_, Store) => {
  test.each([Number.NaN, -1, 0, 30, DAY_MS - 1, Number.POSITIVE_INFINITY])(
    'keeps nothing for %s milliseconds',
    (retentionMs) => {
      expect(() => new Store({ ...table, retentionMs })).toThrow(
        expect.objectContaining({ code: 'configuration' }),
      );
    },
  );

  test('may keep things for a day', () => {
    expect(() => new Store({ ...table, retentionMs: DAY_MS })).not.toThrow();
  });
});
