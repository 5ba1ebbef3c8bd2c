import { silentLogger } from '@a2a-aws/core';
import { taskStoreSuite } from '@a2a-aws/testkit';
import { DynamoDBTaskStore } from '../src/dynamodb-task-store.ts';
import { onEachEngine } from './engines.ts';

onEachEngine((name, engine) => {
  let prefixes = 0;
  taskStoreSuite(`DynamoDBTaskStore on ${name}`, {}, async () => {
    const prefix = `suite-${prefixes++}`;
    const { client, aws } = engine();
    const options = { client, tableName: aws.tableName, prefix, logger: silentLogger };
    return { open: () => new DynamoDBTaskStore(options), dispose: async () => {} };
  });
});
