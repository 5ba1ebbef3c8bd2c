import type { RemovalPolicy } from 'aws-cdk-lib';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { Grant, IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Topic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { A2aTable } from './a2a-table.ts';
import { A2aTopic } from './a2a-topic.ts';
import { DeadLetterQueue } from './dead-letter-queue.ts';
import {
  grantInstance,
  type InstanceResources,
  instancePolicyStatements,
} from './instance-policy.ts';
import { DEFAULT_QUEUE_PREFIX } from './queue-prefix.ts';

export interface A2aBackendProps {
  /**
   * Must be the prefix that the instances are started with. Fleets that share an account and a
   * region stay apart only if neither prefix starts with the other.
   *
   * @default `a2a`: queues are named `a2a-<instance id>`
   */
  readonly queuePrefix?: string;
  /**
   * A key of your own for table and topic; the stack must then name its region.
   *
   * @default the table uses a key that AWS owns, the topic the one that AWS manages for SNS
   */
  readonly encryptionKey?: IKey;
  /** @default RETAIN: the table outlives the stack */
  readonly removalPolicy?: RemovalPolicy;
}

/** Everything a fleet of A2A servers shares: the task log's table, the topic, the dead letters. */
export class A2aBackend extends Construct implements InstanceResources {
  readonly table: TableV2;
  readonly topic: Topic;
  readonly deadLetters: Queue;
  readonly queuePrefix: string;

  constructor(scope: Construct, id: string, props: A2aBackendProps = {}) {
    super(scope, id);
    const { encryptionKey, removalPolicy } = props;
    const encryption = encryptionKey && { encryptionKey };
    this.queuePrefix = props.queuePrefix ?? DEFAULT_QUEUE_PREFIX;
    this.table = new A2aTable(this, 'Tasks', {
      ...encryption,
      ...(removalPolicy && { removalPolicy }),
    }).table;
    this.topic = new A2aTopic(this, 'Doorbells', { ...encryption }).topic;
    this.deadLetters = new DeadLetterQueue(this, 'DeadLetters').queue;
  }

  /** The permissions of an instance, for a policy of your own. */
  instancePolicyStatements(): PolicyStatement[] {
    return instancePolicyStatements(this);
  }

  /** Gives the grantee (a task role, a function) the permissions of an instance. */
  grantInstance(grantee: IGrantable): Grant {
    return grantInstance(grantee, this);
  }
}
