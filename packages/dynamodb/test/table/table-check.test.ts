import type { Projection, TableDescription } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { checkTable } from '../../src/table/table-check.ts';
import { tableDefinition } from '../../src/table/table-definition.ts';

const { KeySchema, GlobalSecondaryIndexes = [] } = tableDefinition('t');
const table: TableDescription = {
  KeySchema,
  TableStatus: 'ACTIVE',
  GlobalSecondaryIndexes: GlobalSecondaryIndexes.map((index) => ({
    ...index,
    IndexStatus: 'ACTIVE',
  })),
};
const ARN = 'arn:aws:dynamodb:eu-west-1:123456789012:table/t';
const [first = {}, second = {}] = table.GlobalSecondaryIndexes ?? [];

test.each<[string, Partial<TableDescription>]>([
  ['of the definition', {}],
  [
    'whose indexes copy everything',
    {
      GlobalSecondaryIndexes: [first, second].map((index) => ({
        ...index,
        Projection: { ProjectionType: 'ALL' },
      })),
    },
  ],
  [
    'of another order, with an index more',
    { GlobalSecondaryIndexes: [{ IndexName: 'own' }, second, first] },
  ],
  ['that is being changed', { TableStatus: 'UPDATING' }],
  [
    'of a CloudFormation global table with one region',
    { TableArn: ARN, GlobalTableVersion: '2019.11.21', Replicas: [{ RegionName: 'eu-west-1' }] },
  ],
])('A table %s meets the requirements.', (_, change) => {
  expect(() => checkTable({ ...table, ...change })).not.toThrow();
});

const lacking: Projection = { ProjectionType: 'INCLUDE', NonKeyAttributes: ['state'] };

test.each<[string, string, Partial<TableDescription>]>([
  ['of other keys', 'table-mismatch', { KeySchema: [] }],
  ['without an index', 'table-mismatch', { GlobalSecondaryIndexes: [second] }],
  [
    'with an index of other keys',
    'table-mismatch',
    { GlobalSecondaryIndexes: [first, { ...second, KeySchema: first.KeySchema }] },
  ],
  [
    'with an index that copies too little',
    'table-mismatch',
    { GlobalSecondaryIndexes: [first, { ...second, Projection: lacking }] },
  ],
  [
    'with an index that copies only keys',
    'table-mismatch',
    { GlobalSecondaryIndexes: [{ ...first, Projection: { ProjectionType: 'KEYS_ONLY' } }, second] },
  ],
  [
    'with an index that is being made',
    'unreachable',
    { GlobalSecondaryIndexes: [first, { ...second, IndexStatus: 'CREATING' }] },
  ],
  ['that is being made', 'unreachable', { TableStatus: 'CREATING' }],
  [
    'with a replica',
    'configuration',
    { TableArn: ARN, Replicas: [{ RegionName: 'eu-west-1' }, { RegionName: 'us-east-1' }] },
  ],
  [
    'with a replica that is being made',
    'configuration',
    { TableArn: ARN, Replicas: [{ RegionName: 'us-east-1', ReplicaStatus: 'CREATING' }] },
  ],
  [
    'with a witness in another region',
    'configuration',
    { TableArn: ARN, GlobalTableWitnesses: [{ RegionName: 'us-east-1' }] },
  ],
  [
    'of the global tables of 2017',
    'configuration',
    { TableArn: ARN, GlobalTableVersion: '2017.11.29' },
  ],
  [
    'of other keys that is being made',
    'table-mismatch',
    { KeySchema: [], TableStatus: 'CREATING' },
  ],
])('[I1] A table %s is refused: %s.', (_, code, change) => {
  expect(() => checkTable({ ...table, ...change })).toThrow(expect.objectContaining({ code }));
});
