import { Duration, Names, Validations } from 'aws-cdk-lib';
import { type Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/**
 * Where doorbells go that no instance could read: one queue for the whole fleet, kept for 14 days
 * (SQS's limit). The instances' own queues are made at run time and name this one.
 */
export class DeadLetterQueue extends Construct {
  readonly queue: Queue;
  /** Rings when something is in it; give it an action. */
  readonly alarm: Alarm;

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
    this.alarm = this.queue.metricApproximateNumberOfMessagesVisible().createAlarm(this, 'Filled', {
      alarmDescription: 'Doorbells that no instance of an A2A server could read',
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 0,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}
