import { Aspects, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
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
  type FanoutName,
  grantInstance,
  type InstanceResources,
  instancePolicyStatements,
} from './instance-policy.ts';
import { DEFAULT_QUEUE_PREFIX } from './queue-prefix.ts';
import { assertRoleArns, TopicPublishers } from './topic-publishers.ts';
import { neverExport } from './weak-references.ts';

/** As many as the permissions of an instance can name. */
const MAX_TOPIC_SHARDS = 10;

export interface A2aBackendProps {
  /**
   * Must be the prefix that the instances are started with. Fleets that share an account and a
   * region stay apart only if neither prefix starts with the other.
   *
   * @default `a2a`: queues are named `a2a-<instance id>`
   */
  readonly queuePrefix?: string;
  /**
   * How instances reach each other; they must be started with the same. `direct` needs no topic,
   * `polling` neither topic nor queues.
   *
   * @default `sns`
   */
  readonly fanout?: FanoutName;
  /**
   * How many topics the instances are divided among: one takes 200 of them by default. May grow
   * while the fleet runs: instances that do not know a new topic yet reach those on it by the log.
   *
   * @default 1
   */
  readonly topicShards?: number;
  /**
   * A key of your own for table and topic; the stack must then name its region.
   *
   * @default the table uses a key that AWS owns, the topic the one that AWS manages for SNS
   */
  readonly encryptionKey?: IKey;
  /**
   * ARNs of roles that may publish doorbells, possibly with `*`. No other principal may. For roles
   * that the stack does not create.
   *
   * @default the roles that `grantInstance` was given, if all are of this stack; else every role of the account that its own policy lets publish
   */
  readonly instanceRoles?: readonly string[];
  /** @default RETAIN: the table outlives the stack, and is protected from being deleted */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * Everything a fleet of A2A servers shares: the task log's table, the topics, the dead letters.
 *
 * @example
 * ```ts
 * import { A2aBackend } from '@a2a-aws/infra';
 * import { App, Stack } from 'aws-cdk-lib';
 * import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
 *
 * const stack = new Stack(new App(), 'Agents');
 * const role = new Role(stack, 'Role', { assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com') });
 * const backend = new A2aBackend(stack, 'Backend', { queuePrefix: 'agents' });
 * backend.grantInstance(role);
 * ```
 */
export class A2aBackend extends Construct implements InstanceResources {
  readonly table: TableV2;
  /** In the order of `A2A_TOPIC_ARN`; empty unless the fan-out is `sns`. */
  readonly topics: readonly Topic[];
  /** None where instances have no queues. */
  readonly deadLetters: Queue | undefined;
  /** In alarm while there are dead letters. Give it an action. */
  readonly deadLetterAlarm: Alarm | undefined;
  readonly queuePrefix: string;
  readonly fanout: FanoutName;
  readonly #publishers: TopicPublishers;

  constructor(scope: Construct, id: string, props: A2aBackendProps = {}) {
    super(scope, id);
    const { encryptionKey, removalPolicy, fanout = 'sns', topicShards = 1 } = props;
    if (!Number.isInteger(topicShards) || topicShards < 1 || topicShards > MAX_TOPIC_SHARDS) {
      throw new Error(`topicShards must be a whole number from 1 to ${MAX_TOPIC_SHARDS}.`);
    }
    const encryption = encryptionKey && { encryptionKey };
    this.queuePrefix = props.queuePrefix ?? DEFAULT_QUEUE_PREFIX;
    this.table = new A2aTable(this, 'Tasks', {
      ...encryption,
      ...(removalPolicy && { removalPolicy }),
    }).table;
    this.fanout = fanout;
    this.topics = Array.from(
      { length: fanout === 'sns' ? topicShards : 0 },
      // The first keeps its name whatever follows: a topic that is replaced loses its subscribers.
      (_, shard) => new A2aTopic(this, `Doorbells${shard || ''}`, { ...encryption }).topic,
    );
    const letters = fanout === 'polling' ? undefined : new DeadLetterQueue(this, 'DeadLetters');
    this.deadLetters = letters?.queue;
    this.deadLetterAlarm = letters?.alarm;
    assertRoleArns(props.instanceRoles);
    this.#publishers = new TopicPublishers(Stack.of(this), props.instanceRoles);
    Aspects.of(this).add({
      // Before synthesis, when all grants were made.
      visit: (node) => {
        if (node === this) this.#publishers.close(this.topics);
      },
    });
    neverExport(this);
  }

  /** Lets the grantee's role publish doorbells; the permission to do so it gets elsewhere. */
  addPublisher(grantee: IGrantable): void {
    this.#publishers.add(grantee);
  }

  /** The permissions of an instance, for a policy of your own. */
  instancePolicyStatements(): PolicyStatement[] {
    this.#publishers.addUnknown();
    return instancePolicyStatements(this);
  }

  /** Gives the grantee (a task role, a function) the permissions of an instance. */
  grantInstance(grantee: IGrantable): Grant {
    this.#publishers.add(grantee);
    return grantInstance(grantee, this);
  }
}
