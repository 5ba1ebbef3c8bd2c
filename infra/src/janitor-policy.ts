import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import {
  homeOf,
  type InstanceResources,
  instancePolicyStatements,
  queuesOf,
} from './instance-policy.ts';

/** Actions that an instance needs and a janitor does not: a janitor is no server and has no queue. */
const NOT_FOR_JANITORS: ReadonlySet<string> = new Set([
  'sns:GetTopicAttributes',
  'sns:Subscribe',
  'sqs:CreateQueue',
  'sqs:DeleteMessage',
  'sqs:ReceiveMessage',
  'sqs:SendMessage',
  'sqs:TagQueue',
]);

/**
 * The permissions of the janitor: those of an instance to clean up, and those to find leftovers.
 */
export function janitorPolicyStatements(resources: InstanceResources): PolicyStatement[] {
  const shared = instancePolicyStatements(resources).flatMap((statement) => {
    const actions = statement.actions.filter((action) => !NOT_FOR_JANITORS.has(action));
    // Lists of tasks are none of its business.
    const isOurs = actions.length > 0 && statement.sid !== 'TaskLists';
    return isOurs ? [statement.copy({ actions })] : [];
  });
  if (resources.fanout === 'polling') return shared;
  const isOverTopics = resources.topics.length > 0;
  return [
    ...shared,
    new PolicyStatement({
      sid: 'LookThroughQueues',
      actions: ['sqs:GetQueueAttributes'],
      resources: [queuesOf(resources)],
    }),
    new PolicyStatement({
      // AWS accepts nothing narrower than `*` for these.
      sid: 'LookForLeftovers',
      actions: [...(isOverTopics ? ['sns:GetSubscriptionAttributes'] : []), 'sqs:ListQueues'],
      resources: ['*'],
      conditions: { StringEquals: { 'aws:RequestedRegion': homeOf(resources).region } },
    }),
  ];
}
