import {
  DEFAULT_RETENTION_MS,
  silentLogger,
  systemClock,
  systemEntropy,
  type TaskKey,
} from '@a2a-aws/core';
import { TaskLog } from '@a2a-aws/core/internal';
import { createDynamoDBClient, DynamoDBLogStorage } from '@a2a-aws/dynamodb';
import { Task } from '@a2a-js/sdk';
import { CallMeter } from '../meter/call-meter.ts';
import { type HeapPeak, heapPeak } from './heap-peak.ts';

export interface Loaded {
  readonly milliseconds: number;
  readonly calls: number;
  readonly peak: HeapPeak;
  /** The bytes of the task's JSON. */
  readonly taskBytes: number;
}

/** Opens logs that another process has written, in a process without other work. */
export class LoadServer {
  async load(key: TaskKey, tableName: string, prefix: string): Promise<Loaded> {
    const client = createDynamoDBClient();
    const calls = new CallMeter();
    calls.attach(client);
    const log = new TaskLog(key, {
      storage: new DynamoDBLogStorage({ client, tableName, prefix }),
      instance: 'bench',
      clock: systemClock,
      entropy: systemEntropy,
      logger: silentLogger,
      retentionMs: DEFAULT_RETENTION_MS,
      signal: new AbortController().signal,
    });
    let milliseconds = 0;
    const peak = await heapPeak(async () => {
      const began = performance.now();
      await log.refresh();
      milliseconds = performance.now() - began;
    });
    const task = log.task();
    if (!task) throw new Error('The log has no task.');
    const taskBytes = Buffer.byteLength(JSON.stringify(Task.toJSON(task)));
    client.destroy();
    return { milliseconds, calls: calls.counts().total, peak, taskBytes };
  }
}
