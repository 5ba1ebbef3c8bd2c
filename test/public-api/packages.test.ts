import {
  type CursorStore,
  type ResumableClient,
  type ResumableOptions,
  resumable,
  type StreamingClient,
} from '@a2a-aws/client';
import { fileStore } from '@a2a-aws/client/node';
import {
  createTable,
  DynamoDBCursorStore,
  DynamoDBLogStorage,
  DynamoDBPushNotificationStore,
  DynamoDBTaskStore,
  type DynamoDBTaskStoreOptions,
} from '@a2a-aws/dynamodb';
import {
  A2aBackend,
  type A2aBackendProps,
  A2aJanitor,
  type A2aJanitorProps,
  A2aStack,
  type A2aStackProps,
  type FanoutName,
  grantInstance,
  type InstanceResources,
} from '@a2a-aws/infra';
import {
  type Cluster,
  type ClusterInstance,
  type ClusterOptions,
  type LocalAws,
  startCluster,
  startLocalAws,
} from '@a2a-aws/local';
import { DirectFanout, type QueueLifecycleManager, SnsFanout } from '@a2a-aws/sns-sqs';
import type { Client } from '@a2a-js/sdk/client';
import type { PushNotificationStore, TaskStore } from '@a2a-js/sdk/server';
import type { Fanout } from 'a2a-aws';
import { describe, expectTypeOf, test } from 'vitest';

describe('@a2a-aws/dynamodb', () => {
  test('has the stores of the SDK', () => {
    expectTypeOf(DynamoDBTaskStore).instance.toExtend<TaskStore>();
    expectTypeOf(DynamoDBPushNotificationStore).instance.toExtend<PushNotificationStore>();
    expectTypeOf(DynamoDBTaskStore).constructorParameters.toEqualTypeOf<
      [options: DynamoDBTaskStoreOptions]
    >();
    expectTypeOf<keyof DynamoDBTaskStoreOptions>().toEqualTypeOf<
      | 'client'
      | 'clock'
      | 'entropy'
      | 'logger'
      | 'ownerResolver'
      | 'ownerShards'
      | 'prefix'
      | 'retentionMs'
      | 'tableName'
    >();
  });

  test('creates the table, and has the storage of a log', () => {
    expectTypeOf(createTable).returns.toEqualTypeOf<Promise<void>>();
    expectTypeOf(createTable).parameter(1).toEqualTypeOf<string>();
    expectTypeOf(DynamoDBLogStorage).instance.toBeObject();
  });
});

describe('@a2a-aws/client', () => {
  test('has stores that any of its streams can use', () => {
    expectTypeOf(DynamoDBCursorStore).instance.toExtend<CursorStore>();
    expectTypeOf(fileStore).returns.toEqualTypeOf<CursorStore>();
    expectTypeOf<keyof ResumableOptions>().toEqualTypeOf<
      | 'agent'
      | 'backoff'
      | 'maxAttempts'
      | 'onInterruption'
      | 'random'
      | 'silenceMs'
      | 'sleep'
      | 'store'
    >();
  });

  test('has the methods of the SDK, by their names and with their parameters', () => {
    expectTypeOf<Client>().toExtend<StreamingClient>();
    expectTypeOf<Client>().toExtend<ResumableClient>();
    expectTypeOf(resumable).parameter(0).toEqualTypeOf<StreamingClient>();
  });
});

describe('@a2a-aws/sns-sqs', () => {
  test('has two fan-outs', () => {
    expectTypeOf(SnsFanout).instance.toExtend<Fanout>();
    expectTypeOf(DirectFanout).instance.toExtend<Fanout>();
  });

  test('provisions and removes the queue of an instance', () => {
    expectTypeOf<keyof QueueLifecycleManager>().toEqualTypeOf<
      'confirm' | 'provision' | 'teardown'
    >();
  });
});

describe('@a2a-aws/infra', () => {
  test('has constructs with these properties', () => {
    expectTypeOf<keyof A2aBackendProps>().toEqualTypeOf<
      'encryptionKey' | 'fanout' | 'instanceRoles' | 'queuePrefix' | 'removalPolicy' | 'topicShards'
    >();
    expectTypeOf<A2aBackendProps>().toEqualTypeOf<Partial<A2aBackendProps>>();
    expectTypeOf<keyof A2aJanitorProps>().toEqualTypeOf<'backend' | 'every'>();
    expectTypeOf<A2aStackProps['janitor']>().toEqualTypeOf<boolean | undefined>();
    expectTypeOf<FanoutName>().toEqualTypeOf<'sns' | 'direct' | 'polling'>();
  });

  test('grants a role the permissions of an instance', () => {
    expectTypeOf(A2aBackend).instance.toExtend<InstanceResources>();
    expectTypeOf(grantInstance).parameter(1).toEqualTypeOf<InstanceResources>();
    expectTypeOf(A2aStack).instance.toHaveProperty('backend').toEqualTypeOf<A2aBackend>();
    expectTypeOf(A2aJanitor).instance.toHaveProperty('alarm');
  });
});

describe('@a2a-aws/local', () => {
  test('starts an AWS and a cluster', () => {
    expectTypeOf(startLocalAws).returns.toEqualTypeOf<Promise<LocalAws>>();
    expectTypeOf(startCluster).toEqualTypeOf<(options: ClusterOptions) => Promise<Cluster>>();
    expectTypeOf<keyof ClusterOptions>().toEqualTypeOf<
      'aws' | 'executor' | 'instances' | 'lease' | 'port'
    >();
    expectTypeOf<keyof LocalAws>().toEqualTypeOf<
      'clientConfig' | 'env' | 'stop' | 'tableName' | 'topicArn'
    >();
    expectTypeOf<keyof ClusterInstance>().toEqualTypeOf<
      'exited' | 'kill' | 'name' | 'pid' | 'stats' | 'url'
    >();
  });
});
