import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { ManagedPolicy } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { A2aBackend, type A2aBackendProps } from './a2a-backend.ts';
import { acknowledgeInstanceWildcards } from './instance-wildcards.ts';

export interface A2aStackProps extends StackProps, A2aBackendProps {}

/**
 * A backend as a stack of its own, for servers that are deployed by other means: start them with
 * the outputs `TableName`, `TopicArn` and `DeadLetterArn`, and attach the policy
 * `InstancePolicyArn` to the role they run as.
 */
export class A2aStack extends Stack {
  readonly backend: A2aBackend;
  readonly instancePolicy: ManagedPolicy;

  constructor(scope: Construct, id: string, props: A2aStackProps = {}) {
    super(scope, id, props);
    this.backend = new A2aBackend(this, 'Backend', props);
    this.instancePolicy = new ManagedPolicy(this, 'InstancePolicy', {
      description: 'What one instance of an A2A server may do',
      statements: this.backend.instancePolicyStatements(),
    });
    acknowledgeInstanceWildcards(this.instancePolicy, this.backend.queuePrefix);

    this.output('TableName', 'The table of the task log', this.backend.table.tableName);
    this.output('TopicArn', 'The topic of the doorbells', this.backend.topic.topicArn);
    this.output('DeadLetterArn', 'The dead-letter queue', this.backend.deadLetters.queueArn);
    this.output(
      'InstancePolicyArn',
      'For the role of an instance',
      this.instancePolicy.managedPolicyArn,
    );
  }

  private output(id: string, description: string, value: string): void {
    new CfnOutput(this, id, { description, value });
  }
}
