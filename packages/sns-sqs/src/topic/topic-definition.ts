import type { CreateTopicCommandInput } from '@aws-sdk/client-sns';

/** The message attribute (String) that names the instance a message is for; queues filter on it. */
export const TARGET_ATTRIBUTE = 'target';

/**
 * The topic in the API's own words: a standard topic, shared by the fleet. Encryption at rest is
 * the deployer's choice (with a customer key, publishers need `kms:GenerateDataKey*` on it).
 */
export function topicDefinition(name: string): CreateTopicCommandInput {
  return { Name: name };
}
