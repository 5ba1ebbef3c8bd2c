import { createHash } from 'node:crypto';
import { encode, proposeEvent, proposeStart } from '@a2a-aws/core/internal';
import { createDynamoDBClient, DynamoDBLogStorage } from '@a2a-aws/dynamodb';
import { startLocalAws } from '@a2a-aws/local';
import { Task, TaskArtifactUpdateEvent } from '@a2a-js/sdk';
import { expect, test } from 'vitest';
import { authorOf, KEY, openLog } from './fixtures/log-writers.ts';

const CHUNK_BYTES = 3_900_000;
/** 50 MB. */
const CHUNKS = 13;

test('[I1] a task of 50 MB is written by one instance and read by another', {
  timeout: 120_000,
}, async () => {
  const aws = await startLocalAws();
  const { region, credentials, dynamodb } = aws.clientConfig;
  const client = createDynamoDBClient({ region, credentials, ...dynamodb });
  try {
    const { tableName } = aws;
    const storage = new DynamoDBLogStorage({ client, tableName, prefix: 'p', compress: false });
    const [writer, reader] = [openLog(storage, 'a'), openLog(storage, 'b')];
    const author = authorOf('a');
    const start = { run: 'r', attempt: 1, instance: 'a', contextId: 'c' };
    await writer.append(proposeStart(author, { kind: 'start', ...start }));
    const whole = createHash('sha256');
    for (let n = 0; n < CHUNKS; n += 1) {
      const text = String(10 + n).repeat(CHUNK_BYTES / 2);
      whole.update(text);
      const data = TaskArtifactUpdateEvent.fromJSON({
        taskId: KEY.taskId,
        contextId: 'c',
        artifact: { artifactId: 'a', parts: [{ text }] },
        append: n > 0,
      });
      const encoded = encode({ kind: 'event', run: 'r', event: { kind: 'artifactUpdate', data } });
      const outcome = await writer.append(proposeEvent(author, 'r', encoded), encoded.bytes);
      expect('appended' in outcome).toBe(true);
    }
    await reader.refresh();
    const [written, read] = [writer.task(), reader.task()];
    const digest = createHash('sha256');
    for (const { content } of read?.artifacts[0]?.parts ?? []) {
      if (content?.$case === 'text') digest.update(content.value);
    }
    expect(digest.digest('hex')).toBe(whole.digest('hex'));
    // Not the texts themselves: a failure would print megabytes.
    const text = (task: Task | undefined): string => JSON.stringify(task && Task.toJSON(task));
    expect(text(read) === text(written)).toBe(true);
    expect(text(read).length).toBeGreaterThan(50_000_000);
  } finally {
    client.destroy();
    await aws.stop();
  }
});
