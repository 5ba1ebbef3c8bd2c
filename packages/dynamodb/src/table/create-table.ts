import { BackendError, isTransient, systemClock } from '@a2a-aws/core';
import { serviceErrorNames, sleep } from '@a2a-aws/core/internal';
import { CreateTableCommand, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { dynamoDBError, translated } from './dynamodb-error.ts';
import { Table, type TableClient } from './table.ts';
import { attribute, tableDefinition } from './table-definition.ts';

/** How long a table may take to be there, and how often it is asked for, in milliseconds. */
const READY_LIMIT_MS = 120_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/**
 * Creates the table of {@link tableDefinition} unless it exists, waits until it and its indexes are
 * active, and enables the deletion of expired items. May be repeated, and completes an interrupted
 * call.
 *
 * @throws {BackendError} `table-mismatch` if another table with this name exists.
 *
 * @example
 * ```ts
 * import { createDynamoDBClient, createTable } from 'a2a-aws';
 *
 * await createTable(createDynamoDBClient(), 'agents');
 * ```
 */
export async function createTable(client: TableClient, tableName: string): Promise<void> {
  try {
    await client.send(new CreateTableCommand(tableDefinition(tableName)));
  } catch (error) {
    if (!serviceErrorNames(error).includes('ResourceInUseException')) throw dynamoDBError(error);
  }
  const table = new Table(client, tableName);
  await untilActive(table);
  if ((await table.deletesExpired()) === true) return;
  const specification = { AttributeName: attribute.expires, Enabled: true };
  await translated(
    client.send(
      new UpdateTimeToLiveCommand({
        TableName: tableName,
        TimeToLiveSpecification: specification,
      }),
    ),
  ).catch((error: unknown) => {
    // An emulator that knows no expiry.
    if (!serviceErrorNames((error as BackendError).cause).includes('UnknownOperationException')) {
      throw error;
    }
  });
}

async function untilActive(table: Table): Promise<void> {
  const deadline = systemClock.now() + READY_LIMIT_MS;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      await table.check();
      return;
    } catch (error) {
      if (!passes(error) || systemClock.now() > deadline) throw error;
      await sleep(systemClock, pause);
    }
  }
}

/** Also a description that lags behind the table's creation. */
function passes(error: unknown): boolean {
  if (!(error instanceof BackendError) || error.code === 'credentials-missing') return false;
  return isTransient(error) || error.code === 'table-not-found';
}
