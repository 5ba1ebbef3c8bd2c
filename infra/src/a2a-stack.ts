import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { ManagedPolicy } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { A2aBackend, type A2aBackendProps } from './a2a-backend.ts';
import { A2aJanitor } from './a2a-janitor.ts';
import { acknowledgeInstanceWildcards } from './instance-wildcards.ts';
import { neverExport } from './weak-references.ts';

export interface A2aStackProps extends StackProps, A2aBackendProps {
  /**
   * Cleans up on a schedule when no instance is left. It has an asset, so the account must be
   * bootstrapped. May be switched on and off at any time.
   *
   * @default false
   */
  readonly janitor?: boolean;
}

/**
 * A backend as a stack of its own, for servers that are deployed by other means: start them with
 * the outputs `TableName`, `Prefix`, `Fanout`, `TopicArn` and `DeadLetterArn`, as far as there are such, and
 * attach the policy `InstancePolicyArn` to the role they run as.
 *
 * @example
 * ```ts
 * import { A2aStack } from '@a2a-aws/infra';
 * import { App } from 'aws-cdk-lib';
 *
 * new A2aStack(new App(), 'Agents', { janitor: true });
 * ```
 */
export class A2aStack extends Stack {
  readonly backend: A2aBackend;
  readonly instancePolicy: ManagedPolicy;
  /** Undefined unless asked for. */
  readonly janitor: A2aJanitor | undefined;

  constructor(scope: Construct, id: string, props: A2aStackProps = {}) {
    super(scope, id, props);
    this.backend = new A2aBackend(this, 'Backend', props);
    this.instancePolicy = new ManagedPolicy(this, 'InstancePolicy', {
      description: 'Permissions of one instance of an A2A server',
      statements: this.backend.instancePolicyStatements(),
    });
    const { table, fanout, topics, deadLetters, queuePrefix } = this.backend;
    acknowledgeInstanceWildcards(this.instancePolicy, queuePrefix);
    this.janitor = props.janitor
      ? new A2aJanitor(this, 'Janitor', { backend: this.backend })
      : undefined;
    neverExport(this);

    this.#output('TableName', 'The table of the task log', table.tableName);
    this.#output('Prefix', 'Beginning of every key and queue name', queuePrefix);
    this.#output('Fanout', 'How instances reach each other', fanout);
    if (topics.length > 0) {
      const arns = topics.map(({ topicArn }) => topicArn).join(',');
      this.#output('TopicArn', 'The topics of the doorbells', arns);
    }
    if (deadLetters) this.#output('DeadLetterArn', 'The dead-letter queue', deadLetters.queueArn);
    this.#output(
      'InstancePolicyArn',
      'For the role of an instance',
      this.instancePolicy.managedPolicyArn,
    );
  }

  #output(id: string, description: string, value: string): void {
    new CfnOutput(this, id, { description, value });
  }
}
