import { BackendError } from '@a2a-aws/core';
import type { KeySchemaElement, Projection, TableDescription } from '@aws-sdk/client-dynamodb';
import { tableDefinition } from './table-definition.ts';

/**
 * Throws if a table does not meet the requirements: `table-mismatch` for other keys, and for an
 * index that is missing, has other keys or lacks an attribute; `configuration` for a table that is
 * replicated to other regions; `unreachable`, which passes, while the table or an index is being
 * made.
 */
export function checkTable(table: TableDescription): void {
  const wanted = tableDefinition('');
  if (isReplicated(table)) {
    throw new BackendError(
      'configuration',
      'The table has replicas in other regions. Their writes are merged without conditions, which would break the order of events. Use a table without replicas, one in each region.',
    );
  }
  if (!sameKeys(table.KeySchema, wanted.KeySchema)) {
    throw new BackendError('table-mismatch', 'The table has other keys than are needed.');
  }
  for (const index of wanted.GlobalSecondaryIndexes ?? []) {
    const found = table.GlobalSecondaryIndexes?.find(
      (candidate) => candidate.IndexName === index.IndexName,
    );
    if (!found || !sameKeys(found.KeySchema, index.KeySchema)) {
      throw new BackendError(
        'table-mismatch',
        'The table lacks an index that is needed, or the index has other keys.',
      );
    }
    if (!covers(found.Projection, index.Projection)) {
      throw new BackendError('table-mismatch', 'An index of the table lacks attributes.');
    }
    if (found.IndexStatus === 'CREATING') throw inTheMaking();
  }
  if (table.TableStatus === 'CREATING') throw inTheMaking();
}

/**
 * True for a global table (I1): of two writes to one key in two regions the later one wins, and no
 * condition sees both. A table of `AWS::DynamoDB::GlobalTable` with one region is none; its own
 * region is not counted.
 *
 * Source: Amazon DynamoDB, "TableDescription" and "How global tables work". The version of 2017 lists
 * its replicas elsewhere.
 */
function isReplicated(table: TableDescription): boolean {
  const region = table.TableArn?.split(':')[3];
  const others = (table.Replicas ?? []).filter(({ RegionName }) => RegionName !== region);
  return (
    others.length > 0 ||
    (table.GlobalTableWitnesses ?? []).length > 0 ||
    table.GlobalTableVersion === '2017.11.29'
  );
}

function inTheMaking(): BackendError {
  return new BackendError('unreachable', 'The table or an index of it is still being made.');
}

function sameKeys(
  found: readonly KeySchemaElement[] | undefined,
  wanted: readonly KeySchemaElement[] | undefined,
): boolean {
  const text = (keys: readonly KeySchemaElement[] | undefined): string =>
    JSON.stringify(keys?.map((key) => [key.AttributeName, key.KeyType]));
  return text(found) === text(wanted);
}

function covers(found: Projection | undefined, wanted: Projection | undefined): boolean {
  if (found?.ProjectionType === 'ALL') return true;
  const copied = new Set(found?.NonKeyAttributes);
  return wanted?.NonKeyAttributes?.every((name) => copied.has(name)) ?? true;
}
