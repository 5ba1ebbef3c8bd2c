import { BackendError } from '@a2a-aws/core';
import type { KeySchemaElement, Projection, TableDescription } from '@aws-sdk/client-dynamodb';
import { tableDefinition } from './table-definition.ts';

/**
 * Throws if a table is not what is needed: `table-mismatch` for other keys, and for an index that is
 * missing, has other keys or lacks an attribute; `unreachable`, which passes, while the table or an
 * index is being made.
 */
export function checkTable(table: TableDescription): void {
  const wanted = tableDefinition('');
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
