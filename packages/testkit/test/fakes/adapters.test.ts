import { silentLogger, systemClock, systemEntropy } from '@a2a-aws/core';
import {
  DynamoDBInstanceRegistry,
  DynamoDBLogStorage,
  DynamoDBPushNotificationStore,
  DynamoDBTaskStore,
  tableDefinition,
} from '@a2a-aws/dynamodb';
import { DirectFanout, SnsFanout } from '@a2a-aws/sns-sqs';
import { vi } from 'vitest';
import { FakeAws } from '../../src/fakes/index.ts';
import { fanoutSuite } from '../../src/fanout-suite.ts';
import { instanceRegistrySuite } from '../../src/instance-registry-suite.ts';
import { logStorageSuite } from '../../src/log-storage-suite.ts';
import { pushNotificationStoreSuite } from '../../src/push-notification-store-suite.ts';
import { taskLogSuite } from '../../src/task-log-suite.ts';
import { taskStoreSuite } from '../../src/task-store-suite.ts';

// Many requests: a machine under load may take its time.
vi.setConfig({ testTimeout: 60_000 });

const TABLE = 'fake';

function tableOf(aws: FakeAws): { client: ReturnType<FakeAws['clients']>['dynamodb'] } & {
  tableName: string;
  prefix: string;
} {
  return { client: aws.clients().dynamodb, tableName: TABLE, prefix: 'p' };
}

const fresh = (pageBytes?: number): FakeAws =>
  new FakeAws({ tables: [tableDefinition(TABLE)], pageBytes });

for (const suite of [logStorageSuite, taskLogSuite]) {
  suite('DynamoDBLogStorage on the fake', async () => {
    const storage = new DynamoDBLogStorage(tableOf(fresh()));
    return { storage, dispose: async () => {} };
  });

  suite('DynamoDBLogStorage on the fake, a page an item', async () => {
    const storage = new DynamoDBLogStorage(tableOf(fresh(1)));
    return { storage, dispose: async () => {} };
  });
}

taskStoreSuite('DynamoDBTaskStore on the fake, a page an item', {}, async () => {
  const options = { ...tableOf(fresh(1)), logger: silentLogger };
  return { open: () => new DynamoDBTaskStore(options), dispose: async () => {} };
});

pushNotificationStoreSuite('DynamoDBPushNotificationStore on the fake', {}, async () => {
  const options = tableOf(fresh());
  return { open: () => new DynamoDBPushNotificationStore(options), dispose: async () => {} };
});

instanceRegistrySuite('DynamoDBInstanceRegistry on the fake', async () => {
  const registry = new DynamoDBInstanceRegistry(tableOf(fresh()));
  return { registry, dispose: async () => {} };
});

const queues = (aws: FakeAws) => ({
  ...aws.clients(),
  prefix: 'a2a',
  clock: systemClock,
  entropy: systemEntropy,
  logger: silentLogger,
});

fanoutSuite('SnsFanout on the fakes', { delivers: true }, async () => {
  const aws = new FakeAws();
  const fanout = new SnsFanout({ ...queues(aws), topicArn: aws.sns.createTopic('events') });
  return { fanout, dispose: async () => {} };
});

fanoutSuite('SnsFanout of three topics on the fakes', { delivers: true }, async () => {
  const aws = new FakeAws();
  const topicArn = ['0', '1', '2'].map((name) => aws.sns.createTopic(name));
  return { fanout: new SnsFanout({ ...queues(aws), topicArn }), dispose: async () => {} };
});

fanoutSuite('DirectFanout on the fakes', { delivers: true }, async () => ({
  fanout: new DirectFanout(queues(new FakeAws())),
  dispose: async () => {},
}));
