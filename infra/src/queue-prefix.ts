import { queueName, queueNamePattern } from '@a2a-aws/sns-sqs';

/** The default beginning of a fleet's queue names: `a2a-<instance id>`. */
export const DEFAULT_QUEUE_PREFIX: string = 'a2a';

/**
 * The pattern that every queue name of a fleet matches and that permissions are cut to: `<prefix>-*`.
 *
 * @throws BackendError `configuration` if no queue name can start like that.
 */
export function queuesOfPrefix(prefix: string): string {
  queueName(prefix, 'i');
  return queueNamePattern(prefix);
}
