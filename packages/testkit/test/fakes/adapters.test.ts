import {
  type Fanout,
  type FanoutAddress,
  silentLogger,
  systemClock,
  systemEntropy,
} from '@a2a-aws/core';
import {
  DynamoDBInstanceRegistry,
  DynamoDBLogStorage,
  DynamoDBPushNotificationStore,
  DynamoDBTaskStore,
  tableDefinition,
} from '@a2a-aws/dynamodb';
import { DirectFanout, SnsFanout } from '@a2a-aws/sns-sqs';
import { vi } from 'vitest';
import { FakeAws, steady } from '../../src/fakes/index.ts';
import type { FanoutUnderTest } from '../../src/fanout/fanout-under-test.ts';
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

/** A fan-out on an AWS of its own: `make` gets the clients of that AWS. */
function onFakes(
  make: (options: ReturnType<typeof queues>, aws: FakeAws, addressOf?: AddressOf) => Fanout,
): () => Promise<FanoutUnderTest> {
  return async () => {
    let isDown = false;
    const works = steady();
    const down = { acts: [], answers: 0, fails: 'unavailable' } as const;
    const aws = new FakeAws({
      faults: { ...works, call: (call) => (isDown ? down : works.call(call)) },
    });
    return {
      fanout: make(queues(aws), aws),
      peer: (addressOf) => make(queues(aws), aws, addressOf),
      lose: async (part, _instance, { queueName = '' }) => {
        const { arn = '' } = aws.sqs.queues.get(queueName) ?? {};
        if (part === 'queue') aws.sqs.lose(queueName);
        else aws.sns.lose(arn);
      },
      setDown: (is) => {
        isDown = is;
      },
      dispose: async () => {},
    };
  };
}

type AddressOf = (instance: string) => Promise<FanoutAddress | undefined>;

const BOTH = ['queue', 'subscription'] as const;

fanoutSuite(
  'SnsFanout on the fakes',
  { delivers: true, loses: BOTH, hasOutages: true },
  onFakes((options, aws) => new SnsFanout({ ...options, topicArn: aws.sns.createTopic('events') })),
);

fanoutSuite(
  'SnsFanout of three topics on the fakes',
  { delivers: true, loses: BOTH, hasOutages: true },
  onFakes((options, aws) => {
    const topicArn = ['0', '1', '2'].map((name) => aws.sns.createTopic(name));
    return new SnsFanout({ ...options, topicArn });
  }),
);

fanoutSuite(
  'DirectFanout on the fakes',
  { delivers: true, loses: ['queue'], hasOutages: true },
  onFakes((options, _aws, addressOf) => new DirectFanout({ ...options, addressOf })),
);
