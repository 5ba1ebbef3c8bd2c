import { Stack, Token, Validations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { queuesOfPrefix } from './queue-prefix.ts';

/**
 * Gives cdk-nag the reason for the wildcards in a policy of `instancePolicyStatements`. Use it for
 * a policy of your own, in an app that runs cdk-nag.
 */
export function acknowledgeInstanceWildcards(
  policy: Construct,
  queuePrefix: string,
  stack: Stack = Stack.of(policy),
): void {
  const partition = named(stack.partition, 'AWS::Partition');
  const region = named(stack.region, 'AWS::Region');
  const account = named(stack.account, 'AWS::AccountId');
  const queues = `arn:${partition}:sqs:${region}:${account}:${queuesOfPrefix(queuePrefix)}`;
  Validations.of(policy).acknowledge(
    {
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'Only where AWS accepts nothing narrower: subscriptions, and the list of queues.',
    },
    {
      id: `AwsSolutions-IAM5[Resource::${queues}]`,
      reason: 'Instances make and remove their queues at run time; the prefix bounds them.',
    },
  );
}

/** As cdk-nag writes it: a value that is known only at deployment has the name of its reference. */
function named(value: string, reference: string): string {
  return Token.isUnresolved(value) ? `<${reference}>` : value;
}
