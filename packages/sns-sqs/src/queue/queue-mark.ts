import { queueTag } from './queue-definition.ts';

/** The tags of an instance's queue, which name its owner and the table of its lease. */
export interface QueueMark {
  readonly instance: string;
  readonly prefix: string;
  /** The topics of the fleet; empty if instances send to each other's queues. */
  readonly topicArns: readonly string[];
  /** The ARN of the table that holds the fleet's leases. */
  readonly table: string;
}

/**
 * Returns true if the tags of a queue name this instance, prefix and table, and one of the topics.
 * Older releases wrote the table as configured, often by name alone. `also-by-name` accepts such a
 * name if the topic is in the table's account and region.
 */
export function isMarked(
  tags: Readonly<Record<string, string>> = {},
  mark: QueueMark,
  table: 'by-arn' | 'also-by-name' = 'by-arn',
): boolean {
  const topic = tags[queueTag.topic];
  const named = tags[queueTag.table];
  return (
    tags[queueTag.instance] === mark.instance &&
    tags[queueTag.prefix] === mark.prefix &&
    (topic === undefined ? mark.topicArns.length === 0 : mark.topicArns.includes(topic)) &&
    (named === mark.table ||
      (table === 'also-by-name' &&
        named === tableName(mark.table) &&
        (topic === undefined || home(topic) === home(mark.table))))
  );
}

/** Returns the region and account of an ARN. */
function home(arn: string): string {
  return arn.split(':').slice(3, 5).join(':');
}

function tableName(arn: string): string | undefined {
  return arn.split(':table/')[1];
}
