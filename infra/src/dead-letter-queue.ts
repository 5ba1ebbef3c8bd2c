import { Duration, Names, Validations } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/**
 * Where doorbells go that no instance could read: one queue for the whole fleet, kept for 14 days
 * (SQS's limit). The instances' own queues are made at run time and name this one.
 */
export class DeadLetterQueue extends Construct {
  readonly queue: Queue;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.queue = new Queue(this, 'Queue', {
      // Named, because CloudFormation's choice starts with the stack's name, and instances of a
      // stack named like their prefix could then delete this queue.
      queueName: `dead-letter-${Names.uniqueResourceName(this, { maxLength: 60 })}`,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    Validations.of(this.queue).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'This is the dead-letter queue; the queues that use it are made at run time.',
    });
  }
}
