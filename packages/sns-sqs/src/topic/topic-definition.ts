import type { CreateTopicCommandInput } from '@aws-sdk/client-sns';

/** The message attribute (String) that names the instance a message is for; queues filter on it. */
export const TARGET_ATTRIBUTE = 'target';

/**
 * Returns a target that no message has: a subscription's filter policy names it to say which table
 * holds its instance's lease. Subscriptions have no tags. Each instance has its own, so that one
 * message reaches one instance.
 */
export function tableTarget(tableArn: string, instance: string): string {
  return `${tableArn}/lease/${instance}`;
}

/**
 * The topic in the API's own words: a standard topic, shared by the fleet. Encryption at rest is
 * the deployer's choice (with a customer key, publishers need `kms:GenerateDataKey*` on it).
 */
export function topicDefinition(name: string): CreateTopicCommandInput {
  return { Name: name };
}
