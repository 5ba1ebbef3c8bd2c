import { systemClock } from '@a2a-aws/core';
import { sleep } from '@a2a-aws/core/internal';
import { createTable as createProjectTable, documentClient } from '@a2a-aws/dynamodb';
import { topicDefinition } from '@a2a-aws/sns-sqs';
import {
  DeleteTableCommand,
  DynamoDBClient,
  ListTablesCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-dynamodb';
import { CreateTopicCommand, DeleteTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import type { LocalClientConfig } from './local-client-config.ts';

const READY_LIMIT_MS = 20_000;

/** Waits until DynamoDB answers, creates the project's table, and waits until it is active. */
export async function createTable(config: LocalClientConfig, tableName: string): Promise<void> {
  const { region, credentials } = config;
  const client = new DynamoDBClient({ region, credentials, ...config.dynamodb });
  try {
    await answers(client);
    await createProjectTable(documentClient(client), tableName);
  } finally {
    client.destroy();
  }
}

/** Creates the project's topic, and gives its ARN. */
export async function createTopic(config: LocalClientConfig, topicName: string): Promise<string> {
  const { region, credentials } = config;
  const client = new SNSClient({ region, credentials, ...config.sns });
  try {
    const { TopicArn } = await client.send(new CreateTopicCommand(topicDefinition(topicName)));
    if (TopicArn === undefined) throw new Error('CreateTopic gave no ARN');
    return TopicArn;
  } finally {
    client.destroy();
  }
}

/** Removes table and topic; neither need be there. */
export async function removeResources(
  config: LocalClientConfig,
  tableName: string,
  topicArn: string,
): Promise<void> {
  const { region, credentials } = config;
  const dynamodb = new DynamoDBClient({ region, credentials, ...config.dynamodb });
  const sns = new SNSClient({ region, credentials, ...config.sns });
  try {
    await sns.send(new DeleteTopicCommand({ TopicArn: topicArn }));
    await dynamodb
      .send(new DeleteTableCommand({ TableName: tableName }))
      .catch((error: unknown) => {
        if (!(error instanceof ResourceNotFoundException)) throw error;
      });
  } finally {
    dynamodb.destroy();
    sns.destroy();
  }
}

/** Its word that it listens is not yet an answer: ask, until it gives one. */
async function answers(client: DynamoDBClient): Promise<void> {
  const deadline = systemClock.now() + READY_LIMIT_MS;
  for (;;) {
    try {
      await client.send(new ListTablesCommand({}));
      return;
    } catch (error) {
      if (systemClock.now() > deadline) throw error;
      await sleep(systemClock, 50);
    }
  }
}
