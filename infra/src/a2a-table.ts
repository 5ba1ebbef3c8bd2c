import { attribute, INDEXED_FIELDS, INDEXES } from '@a2a-aws/dynamodb';
import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  type Attribute,
  AttributeType,
  Billing,
  type CfnGlobalTable,
  ProjectionType,
  TableEncryptionV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';

export interface A2aTableProps {
  /**
   * A key of your own; the stack must then name its region (CDK refuses otherwise).
   *
   * @default the table is encrypted with a key that AWS owns, at no cost
   */
  readonly encryptionKey?: IKey;
  /**
   * A table that is kept is also protected: it cannot be deleted before the protection is switched off.
   *
   * @default RETAIN: the tasks outlive the stack
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * The table of the task log: on demand, restorable to any second of the last 35 days. Its keys and
 * indexes are those that the running code asks for; its name is CloudFormation's choice, so that a
 * retained table does not stand in the way of the next stack. Synthesis fails if it is given
 * replicas: they merge writes without conditions (I1).
 *
 * @example
 * ```ts
 * import { A2aTable } from '@a2a-aws/infra';
 * import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
 *
 * new A2aTable(new Stack(new App(), 'Agents'), 'Table', { removalPolicy: RemovalPolicy.DESTROY });
 * ```
 */
export class A2aTable extends Construct {
  readonly table: TableV2;

  constructor(scope: Construct, id: string, props: A2aTableProps = {}) {
    super(scope, id);
    const { removalPolicy = RemovalPolicy.RETAIN } = props;
    this.table = new TableV2(this, 'Table', {
      partitionKey: text(attribute.partition),
      sortKey: text(attribute.sort),
      globalSecondaryIndexes: INDEXES.map((index) => ({
        indexName: index.name,
        partitionKey: text(index.partition),
        sortKey: text(index.sort),
        projectionType: ProjectionType.INCLUDE,
        nonKeyAttributes: [...INDEXED_FIELDS],
      })),
      timeToLiveAttribute: attribute.expires,
      billing: Billing.onDemand(),
      encryption: props.encryptionKey
        ? TableEncryptionV2.customerManagedKey(props.encryptionKey)
        : TableEncryptionV2.dynamoOwnedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy,
      deletionProtection: removalPolicy !== RemovalPolicy.DESTROY,
    });
    this.node.addValidation({ validate: () => (isReplicated(this.table) ? [REPLICATED] : []) });
  }
}

const REPLICATED =
  'The table of a2a-aws must not have replicas: they merge writes without conditions, which breaks the order of events. Deploy one stack in each region instead.';

function isReplicated(table: TableV2): boolean {
  const { replicas } = table.node.defaultChild as CfnGlobalTable;
  return Stack.of(table).resolve(replicas).length > 1;
}

function text(name: string): Attribute {
  return { name, type: AttributeType.STRING };
}
