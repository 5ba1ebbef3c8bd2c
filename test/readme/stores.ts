import { DefaultRequestHandler } from '@a2a-js/sdk/server';
import { createDynamoDBClient, DynamoDBPushNotificationStore, DynamoDBTaskStore } from 'a2a-aws';
import { agentCard, executor } from './agent.ts'; // yours, unchanged

const table = { client: createDynamoDBClient(), tableName: process.env.A2A_TABLE_NAME ?? '' };

export const requestHandler: DefaultRequestHandler = new DefaultRequestHandler(
  agentCard,
  new DynamoDBTaskStore(table),
  executor,
  undefined, // its event buses stay in this process
  new DynamoDBPushNotificationStore(table),
);
