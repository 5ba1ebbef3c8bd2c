import { BackendError } from '@a2a-aws/core';

/**
 * The names of the tags on every instance's queue. A sweep identifies queues by their tags, not by
 * their names.
 */
export const queueTag: {
  readonly instance: string;
  readonly prefix: string;
  readonly topic: string;
  readonly table: string;
} = {
  instance: 'a2a-aws:instance',
  prefix: 'a2a-aws:prefix',
  topic: 'a2a-aws:topic',
  table: 'a2a-aws:table',
};

/** The attributes of the queues. */
export const queueDefaults: {
  /** Older doorbells are useless, because the log has been read since. */
  readonly messageRetentionSeconds: number;
  /** Short, because an aborted long poll hides its messages for this long. */
  readonly visibilityTimeoutSeconds: number;
  /** Deliveries of an unreadable message before it goes to the dead-letter queue. */
  readonly maxReceiveCount: number;
} = {
  messageRetentionSeconds: 300,
  visibilityTimeoutSeconds: 10,
  maxReceiveCount: 5,
};

/**
 * Returns the name of an instance's queue: `<prefix>-<instance>`.
 *
 * @throws {BackendError} `configuration` if that is not a queue name: at most 80 of `[A-Za-z0-9_-]`
 * (Amazon SQS, "CreateQueue").
 */
export function queueName(prefix: string, instance: string): string {
  const name = `${prefix}-${instance}`;
  if (prefix === '' || instance === '' || !isQueueName(name)) {
    throw new BackendError(
      'configuration',
      'Queue prefix and instance must be letters, digits, "-" or "_", and at most 79 characters together.',
    );
  }
  return name;
}

/** Returns true for at most 80 of `[A-Za-z0-9_-]` (Amazon SQS, "CreateQueue"). */
export function isQueueName(name: string): boolean {
  return /^[A-Za-z0-9_-]{1,80}$/.test(name);
}

/** Returns a pattern that matches every queue of a prefix in an IAM policy's resource. */
export function queueNamePattern(prefix: string): string {
  return `${prefix}-*`;
}
