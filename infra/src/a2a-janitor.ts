import { Duration } from 'aws-cdk-lib';
import { type Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { type IGrantable, Policy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Function as LambdaHandler, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { homeOf, type InstanceResources } from './instance-policy.ts';
import { acknowledgeInstanceWildcards } from './instance-wildcards.ts';
import { janitorCode } from './janitor-code.ts';
import { janitorPolicyStatements } from './janitor-policy.ts';
import { DEFAULT_QUEUE_PREFIX } from './queue-prefix.ts';
import { neverExport } from './weak-references.ts';

export interface A2aJanitorProps {
  readonly backend: InstanceResources & {
    readonly table: { readonly tableName: string };
    /** Called for the janitor's role: it publishes doorbells. */
    addPublisher?(grantee: IGrantable): void;
  };
  /**
   * How often a round starts. Live instances clean up after each other by themselves.
   *
   * @default every 5 minutes: about $0.60 a month
   */
  readonly every?: Duration;
}

/**
 * Cleans up when no instance is left: a function that observes the leases on a schedule, ends the
 * runs of dead instances, and removes queues and subscriptions without a lease. It is safe while
 * instances run.
 *
 * @example
 * ```ts
 * import { A2aBackend, A2aJanitor } from '@a2a-aws/infra';
 * import { App, Duration, Stack } from 'aws-cdk-lib';
 *
 * const stack = new Stack(new App(), 'Agents');
 * const backend = new A2aBackend(stack, 'Backend');
 * const { alarm } = new A2aJanitor(stack, 'Janitor', { backend, every: Duration.minutes(10) });
 * ```
 */
export class A2aJanitor extends Construct {
  readonly handler: LambdaHandler;
  /** Rings when three rounds in turn could not remove something, or did not take place; give it an action. */
  readonly alarm: Alarm;

  constructor(scope: Construct, id: string, props: A2aJanitorProps) {
    super(scope, id);
    const { backend, every = Duration.minutes(5) } = props;
    const prefix = backend.queuePrefix ?? DEFAULT_QUEUE_PREFIX;
    const topicArns = backend.topics.map(({ topicArn }) => topicArn);
    const logGroup = new LogGroup(this, 'Log', { retention: RetentionDays.ONE_MONTH });
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    });
    const policy = new Policy(this, 'Policy', {
      statements: janitorPolicyStatements(backend),
      roles: [role],
    });
    backend.addPublisher?.(role);
    acknowledgeInstanceWildcards(policy, prefix, homeOf(backend));
    logGroup.grantWrite(role);
    this.handler = new LambdaHandler(this, 'Handler', {
      description: 'Cleans up after dead instances of A2A servers',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: janitorCode(),
      // A round observes for the lease time, and waits for the quarantine if an instance is dead.
      timeout: Duration.minutes(10),
      memorySize: 256,
      // The next round is a better retry.
      retryAttempts: 0,
      role,
      logGroup,
      environment: {
        A2A_TABLE_NAME: backend.table.tableName,
        A2A_FANOUT: backend.fanout ?? 'sns',
        A2A_PREFIX: prefix,
        ...(topicArns.length > 0 && { A2A_TOPIC_ARN: topicArns.join(',') }),
      },
    });
    this.handler.node.addDependency(policy);
    new Rule(this, 'Schedule', {
      schedule: Schedule.rate(every),
      targets: [new LambdaFunction(this.handler, { retryAttempts: 0 })],
    });
    this.alarm = this.handler.metricErrors({ period: every }).createAlarm(this, 'Failed', {
      alarmDescription:
        'Dead instances could not be cleaned up, or rounds of the janitor are missing',
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 0,
      evaluationPeriods: 3,
      // A round that takes place counts its errors, be they none.
      treatMissingData: TreatMissingData.BREACHING,
    });
    neverExport(this);
  }
}
