import { silentLogger, systemClock, systemEntropy } from '@a2a-aws/core';
import {
  createDynamoDBClient,
  DynamoDBConsumerOffsets,
  DynamoDBInstanceRegistry,
  DynamoDBLogStorage,
  DynamoDBPushNotificationStore,
  DynamoDBTaskStore,
} from '@a2a-aws/dynamodb';
import { type LocalAws, startLocalAws } from '@a2a-aws/local';
import { createFanoutClients, DirectFanout, SnsFanout } from '@a2a-aws/sns-sqs';
import {
  consumerOffsetsSuite,
  fanoutSuite,
  instanceRegistrySuite,
  logStorageSuite,
  pushNotificationStoreSuite,
  taskLogSuite,
  taskStoreSuite,
} from '@a2a-aws/testkit';
import { afterAll, beforeAll, vi } from 'vitest';

// LocalStack answers in its own time.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let aws: LocalAws;
let prefixes = 0;

beforeAll(async () => {
  aws = await startLocalAws({ endpoint: process.env.AWS_ENDPOINT_URL ?? '' });
});

afterAll(() => aws.stop());

/** The table, and a part of it that no other test uses. */
function table() {
  const { region, credentials, dynamodb } = aws.clientConfig;
  const client = createDynamoDBClient({ region, credentials, ...dynamodb });
  return { client, tableName: aws.tableName, prefix: `p${prefixes++}` };
}

for (const suite of [logStorageSuite, taskLogSuite]) {
  suite('DynamoDBLogStorage on LocalStack', async () => {
    const options = table();
    return {
      storage: new DynamoDBLogStorage(options),
      dispose: async () => options.client.destroy(),
    };
  });
}

consumerOffsetsSuite('DynamoDBConsumerOffsets on LocalStack', async () => {
  const options = table();
  return {
    offsets: new DynamoDBConsumerOffsets(options),
    dispose: async () => options.client.destroy(),
  };
});

instanceRegistrySuite('DynamoDBInstanceRegistry on LocalStack', async () => {
  const options = table();
  return {
    registry: new DynamoDBInstanceRegistry(options),
    dispose: async () => options.client.destroy(),
  };
});

taskStoreSuite('DynamoDBTaskStore on LocalStack', {}, async () => {
  const options = { ...table(), logger: silentLogger };
  return {
    open: () => new DynamoDBTaskStore(options),
    dispose: async () => options.client.destroy(),
  };
});

pushNotificationStoreSuite('DynamoDBPushNotificationStore on LocalStack', {}, async () => {
  const options = table();
  return {
    open: () => new DynamoDBPushNotificationStore(options),
    dispose: async () => options.client.destroy(),
  };
});

/** Clients of queues and topics, and a part of them that no other test uses. */
function queues() {
  const { region, credentials, sns } = aws.clientConfig;
  const clients = createFanoutClients({ region, credentials, ...sns });
  return {
    options: {
      ...clients,
      prefix: `p${prefixes++}`,
      clock: systemClock,
      entropy: systemEntropy,
      logger: silentLogger,
    },
    dispose: async () => {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}

fanoutSuite('SnsFanout on LocalStack', { delivers: true }, async () => {
  const { options, dispose } = queues();
  return { fanout: new SnsFanout({ ...options, topicArn: aws.topicArn }), dispose };
});

fanoutSuite('DirectFanout on LocalStack', { delivers: true }, async () => {
  const { options, dispose } = queues();
  return { fanout: new DirectFanout(options), dispose };
});
