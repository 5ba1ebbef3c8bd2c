import { readdirSync, readFileSync } from 'node:fs';
import { Stack } from 'aws-cdk-lib';
import { Effect } from 'aws-cdk-lib/aws-iam';
import { expect, it } from 'vitest';
import { A2aBackend, janitorPolicyStatements } from '../src/index.ts';

/** The permission that a command of the SDK needs. */
const ACTION_OF: Readonly<Record<string, string>> = {
  DescribeTable: 'dynamodb:DescribeTable',
  DescribeTimeToLive: 'dynamodb:DescribeTimeToLive',
  Delete: 'dynamodb:DeleteItem',
  DeleteItem: 'dynamodb:DeleteItem',
  Get: 'dynamodb:GetItem',
  GetItem: 'dynamodb:GetItem',
  Put: 'dynamodb:PutItem',
  PutItem: 'dynamodb:PutItem',
  Query: 'dynamodb:Query',
  Update: 'dynamodb:UpdateItem',
  UpdateItem: 'dynamodb:UpdateItem',
  GetTopicAttributes: 'sns:GetTopicAttributes',
  ListSubscriptionsByTopic: 'sns:ListSubscriptionsByTopic',
  Publish: 'sns:Publish',
  PublishBatch: 'sns:Publish',
  Subscribe: 'sns:Subscribe',
  Unsubscribe: 'sns:Unsubscribe',
  CreateQueue: 'sqs:CreateQueue',
  DeleteMessage: 'sqs:DeleteMessage',
  DeleteMessageBatch: 'sqs:DeleteMessage',
  DeleteQueue: 'sqs:DeleteQueue',
  GetQueueUrl: 'sqs:GetQueueUrl',
  ReceiveMessage: 'sqs:ReceiveMessage',
  GetQueueAttributes: 'sqs:GetQueueAttributes',
  GetSubscriptionAttributes: 'sns:GetSubscriptionAttributes',
  ListQueues: 'sqs:ListQueues',
  ListQueueTags: 'sqs:ListQueueTags',
  SendMessageBatch: 'sqs:SendMessage',
};

/** Commands that create a table; no instance sends them. */
const OPERATOR = /create-table\.ts$/;

/** Commands that only a sweep of the janitor sends. */
const SWEEP = /(fleet-queues|leaseless-queue-sweep)\.ts$/;

function commandsSent(folder: string, isWanted: (file: string) => boolean): string[] {
  const root = new URL(`../../packages/${folder}/src/`, import.meta.url);
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts') && isWanted(file))
    .flatMap((file) => [
      ...readFileSync(new URL(file, root), 'utf8').matchAll(/new (\w+)Command\(/g),
    ])
    .map((match) => match[1] ?? '');
}

/** Whichever way instances reach each other. */
const backends = (['sns', 'direct', 'polling'] as const).map(
  (fanout) => new A2aBackend(new Stack(), 'Backend', { fanout }),
);
const allowed = backends
  .flatMap((backend) => backend.instancePolicyStatements())
  .filter(({ effect }) => effect === Effect.ALLOW)
  .flatMap((statement) => statement.actions);
const sent = new Set(
  ['dynamodb', 'sns-sqs', 'a2a-aws'].flatMap((folder) =>
    commandsSent(folder, (file) => !SWEEP.test(file) && !OPERATOR.test(file)),
  ),
);
const swept = new Set(commandsSent('sns-sqs', (file) => SWEEP.test(file)));

it('allows every command that the packages send', () => {
  expect(sent.size).toBeGreaterThan(0);
  const refused = [...sent].filter((command) => !allowed.includes(ACTION_OF[command] ?? ''));
  expect(refused).toEqual([]);
});

it('allows nothing else', () => {
  // CreateQueue with tags asks for it.
  const used = new Set(['sqs:TagQueue']);
  for (const command of sent) used.add(ACTION_OF[command] ?? '');
  expect(allowed.filter((action) => !used.has(action))).toEqual([]);
});

it('allows a janitor every command that a sweep sends', () => {
  expect(swept.size).toBeGreaterThan(0);
  const may = backends
    .flatMap(janitorPolicyStatements)
    .filter(({ effect }) => effect === Effect.ALLOW)
    .flatMap(({ actions }) => actions);
  const refused = [...swept].filter((command) => !may.includes(ACTION_OF[command] ?? ''));
  expect(refused).toEqual([]);
  // Each but the sweep's own is one of an instance's.
  const others = may.filter((action) => !allowed.includes(action));
  expect(others.every((action) => [...swept].some((c) => ACTION_OF[c] === action))).toBe(true);
});
