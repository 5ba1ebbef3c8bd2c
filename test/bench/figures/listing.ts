import { silentLogger } from '@a2a-aws/core';
import { FIRST_SLOT, mapConcurrent } from '@a2a-aws/core/internal';
import { createDynamoDBClient, DynamoDBLogStorage, DynamoDBTaskStore } from '@a2a-aws/dynamodb';
import type { LocalAws } from '@a2a-aws/local';
import { ListTasksRequest, Task, TaskState } from '@a2a-js/sdk';
import { callContext } from '../../fixtures/requests.ts';
import { RoundTripMeter } from '../meter/round-trip-meter.ts';
import type { Row } from '../row.ts';
import { TARGETS } from '../targets.ts';

const TASKS = 10_000;
const PAGE = 50;
const WRITES_AT_ONCE = 50;
const OWNER = crypto.randomUUID();
const STATE = TaskState.TASK_STATE_COMPLETED;

/**
 * Measures the first page of an owner's tasks, in calls and in round trips (calls that wait for
 * others).
 */
export async function listing(aws: LocalAws): Promise<Row[]> {
  const { region, credentials, dynamodb } = aws.clientConfig;
  const client = createDynamoDBClient({ region, credentials, ...dynamodb });
  try {
    const table = { client, tableName: aws.tableName, prefix: 'listing' };
    const store = new DynamoDBTaskStore({ ...table, logger: silentLogger });
    await fill(store, new DynamoDBLogStorage(table));
    const meter = new RoundTripMeter();
    meter.attach(client);
    const began = performance.now();
    const page = await store.list(
      ListTasksRequest.fromJSON({ pageSize: PAGE }),
      callContext(OWNER),
    );
    const took = performance.now() - began;
    if (page.tasks.length !== PAGE || page.totalSize !== TASKS) {
      throw new Error(`The list gave ${page.tasks.length} of ${page.totalSize} tasks.`);
    }
    const group = `A page of ${PAGE} tasks among ${TASKS.toLocaleString('en-US')} of one owner`;
    return [
      {
        group,
        label: 'sequential round trips',
        value: meter.roundTrips,
        unit: '',
        target: TARGETS.listRoundTrips,
      },
      { group, label: 'calls', value: meter.calls, unit: '' },
      { group, label: 'time', value: took, unit: 'ms' },
    ];
  } finally {
    client.destroy();
  }
}

/** Writes the newest tasks completely, and only the items that a list reads for the others. */
async function fill(store: DynamoDBTaskStore, storage: DynamoDBLogStorage): Promise<void> {
  // Uses the same time for all tasks. Writing takes seconds, and the complete tasks must stay the
  // newest.
  const now = Date.now();
  const all = Array.from({ length: TASKS }, (_, n) => n);
  await mapConcurrent(all, WRITES_AT_ONCE, async (n) => {
    const taskId = crypto.randomUUID();
    const contextId = crypto.randomUUID();
    const timestamp = now - n * 1_000;
    if (n < PAGE) {
      const status = {
        state: STATE,
        message: undefined,
        timestamp: new Date(timestamp).toISOString(),
      };
      await store.save({ ...Task.fromJSON({ id: taskId, contextId }), status }, callContext(OWNER));
      return;
    }
    const head = {
      taskId,
      contextId,
      state: STATE,
      timestamp,
      latest: timestamp,
      writtenAtMs: timestamp,
    };
    await storage.putHead({ tenant: '', owner: OWNER, taskId }, { ...head, slot: FIRST_SLOT });
  });
}
