import { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { type InstanceResources, instancePolicyStatements } from './instance-policy.ts';
import { DEFAULT_QUEUE_PREFIX, queuesOfPrefix } from './queue-prefix.ts';

/** What an instance may do and a janitor may not: it is no server, and is not heard. */
const NOT_FOR_JANITORS: ReadonlySet<string> = new Set([
  'dynamodb:DescribeTable',
  'sns:GetTopicAttributes',
  'sns:Subscribe',
  'sqs:CreateQueue',
  'sqs:DeleteMessage',
  'sqs:ReceiveMessage',
  'sqs:TagQueue',
]);

/** The permissions of the janitor: of an instance's those to clean up, and to look for what is left over. */
export function janitorPolicyStatements(resources: InstanceResources): PolicyStatement[] {
  const { topic, queuePrefix = DEFAULT_QUEUE_PREFIX } = resources;
  const stack = Stack.of(topic);
  const queues = stack.formatArn({ service: 'sqs', resource: queuesOfPrefix(queuePrefix) });
  const shared = instancePolicyStatements(resources).flatMap((statement) => {
    const actions = statement.actions.filter((action) => !NOT_FOR_JANITORS.has(action));
    // Lists of tasks are none of its business.
    const isOurs = actions.length > 0 && statement.sid !== 'TaskLists';
    return isOurs ? [statement.copy({ actions })] : [];
  });
  return [
    ...shared,
    new PolicyStatement({
      sid: 'LookThroughQueues',
      actions: ['sqs:GetQueueAttributes', 'sqs:ListQueueTags'],
      resources: [queues],
    }),
    new PolicyStatement({
      // AWS accepts nothing narrower than `*` for these.
      sid: 'LookForLeftovers',
      actions: ['sns:GetSubscriptionAttributes', 'sqs:ListQueues'],
      resources: ['*'],
      conditions: { StringEquals: { 'aws:RequestedRegion': stack.region } },
    }),
  ];
}
