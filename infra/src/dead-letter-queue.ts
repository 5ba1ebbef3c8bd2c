import { Duration, Validations } from 'aws-cdk-lib';
import { type Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/**
 * Holds the doorbells that no instance could read: one queue for the whole fleet, kept for 14 days
 * (SQS's limit). The instances' own queues are made at run time and name this one.
 *
 * Its name is CloudFormation's choice: SQS blocks the name of a deleted queue for 60 seconds, so a
 * fixed one would fail a deployment that follows a removal. The name may start like those of the
 * instances' queues, so their policy denies them this queue (`instancePolicyStatements`).
 */
export class DeadLetterQueue extends Construct {
  readonly queue: Queue;
  /** Rings when something is in it; give it an action. */
  readonly alarm: Alarm;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.queue = new Queue(this, 'Queue', {
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
