import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';

/** Names of the attributes that keys, indexes and expiry use. */
export const attribute: {
  readonly partition: 'pk';
  readonly sort: 'sk';
  readonly ownerPartition: 'opk';
  readonly contextPartition: 'cpk';
  readonly statusSort: 'ssk';
  readonly expires: 'expires';
} = {
  partition: 'pk',
  sort: 'sk',
  ownerPartition: 'opk',
  contextPartition: 'cpk',
  statusSort: 'ssk',
  expires: 'expires',
};

/** Small fields that an index copies, besides its keys: enough to list without reading the task. */
export const INDEXED_FIELDS: readonly string[] = ['v', 'state', 't', 'at'];

/** One index: tasks of an owner, or of a context, by the latest time of their status. */
export interface IndexDefinition {
  readonly name: string;
  readonly partition: string;
  readonly sort: string;
}

export const OWNER_INDEX: IndexDefinition = {
  name: 'by-owner',
  partition: attribute.ownerPartition,
  sort: attribute.statusSort,
};

export const CONTEXT_INDEX: IndexDefinition = {
  name: 'by-context',
  partition: attribute.contextPartition,
  sort: attribute.statusSort,
};

export const INDEXES: readonly IndexDefinition[] = [OWNER_INDEX, CONTEXT_INDEX];

/** The table in the API's own words: the one definition that CDK, local AWS and tests share. */
export function tableDefinition(tableName: string): CreateTableCommandInput {
  const names = [
    attribute.partition,
    attribute.sort,
    attribute.ownerPartition,
    attribute.contextPartition,
    attribute.statusSort,
  ];
  return {
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: names.map((name) => ({ AttributeName: name, AttributeType: 'S' })),
    KeySchema: [
      { AttributeName: attribute.partition, KeyType: 'HASH' },
      { AttributeName: attribute.sort, KeyType: 'RANGE' },
    ],
    GlobalSecondaryIndexes: INDEXES.map((index) => ({
      IndexName: index.name,
      KeySchema: [
        { AttributeName: index.partition, KeyType: 'HASH' },
        { AttributeName: index.sort, KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: [...INDEXED_FIELDS] },
    })),
  };
}
