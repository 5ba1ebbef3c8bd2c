import { createDynamoDBClient, DynamoDBLogStorage } from '@a2a-aws/dynamodb';
import type { LocalAws } from '@a2a-aws/local';
import { writeLog } from '../agent/written-log.ts';
import type { Loaded, LoadServer } from '../process/load-server.ts';
import { ProcessLink } from '../process/process-link.ts';
import type { Row } from '../row.ts';
import { TARGETS } from '../targets.ts';

const MEGABYTE = 1_024;
const PREFIX = 'loading';
/** The approximate number of one-kilobyte events in a record of a burst. */
const BURST = 150;

/**
 * Measures the cost of folding a task's whole log when it is opened, each time in a separate
 * process.
 */
export async function loading(aws: LocalAws): Promise<Row[]> {
  const { region, credentials, dynamodb } = aws.clientConfig;
  const client = createDynamoDBClient({ region, credentials, ...dynamodb });
  const storage = new DynamoDBLogStorage({ client, tableName: aws.tableName, prefix: PREFIX });
  const load = async (kilobytes: number, perRecord: number): Promise<Loaded> => {
    const key = { tenant: '', owner: '', taskId: `${kilobytes}-${perRecord}` };
    await writeLog(storage, key, { kilobytes, perRecord });
    const link = new ProcessLink<LoadServer>('./load-process.ts', aws.env);
    try {
      return await link.remote.load(key, aws.tableName, PREFIX);
    } finally {
      await link.close();
    }
  };
  try {
    return [
      ...smallRows(await load(1_000, BURST), await load(1_000, 1)),
      ...largeRows(await load(50 * MEGABYTE, BURST), 'written in bursts'),
      ...largeRows(await load(50 * MEGABYTE, 1), 'one event a record'),
    ];
  } finally {
    client.destroy();
  }
}

function smallRows(burst: Loaded, single: Loaded): Row[] {
  const group = 'Loading a task of 1 MB, calls to DynamoDB';
  const target = TARGETS.smallLoadCalls;
  return [
    { group, label: '1,000 chunks of 1 KB, written in bursts', loaded: burst },
    { group, label: '1,000 chunks of 1 KB, one event a record', loaded: single },
  ].map(({ loaded, ...row }): Row => ({ ...row, value: loaded.calls, unit: 'calls', target }));
}

function largeRows({ peak, taskBytes, calls, milliseconds }: Loaded, how: string): Row[] {
  const group = `Loading a task of 50 MB, chunks of 1 KB, ${how}, on the embedded DynamoDB`;
  return [
    {
      group,
      label: 'peak heap ÷ the task’s JSON',
      value: peak.heap / taskBytes,
      unit: '×',
      target: TARGETS.largeLoadHeap,
    },
    {
      group,
      label: 'buffers beside the heap (collected late, whatever the task’s size)',
      value: peak.buffers / 1_024 ** 2,
      unit: 'MB',
    },
    { group, label: 'calls, up to four at once', value: calls, unit: 'calls' },
    { group, label: 'time', value: milliseconds, unit: 'ms' },
  ];
}
