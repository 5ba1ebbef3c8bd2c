import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalAws, startLocalAws } from '@a2a-aws/local';
import {
  Message,
  SendMessageRequest,
  StreamResponse,
  Task,
  TaskState,
  taskStateToJSON,
} from '@a2a-js/sdk';
import { ServerCallContext } from '@a2a-js/sdk/server';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  DATABASE_PUSH_NOTIFICATION_STORE,
  DATABASE_TASK_STORE,
  IN_MEMORY_PUSH_NOTIFICATION_STORE,
  IN_MEMORY_TASK_STORE,
} from './fixtures/sdk-store-capabilities.ts';
import { handleStream } from './readme/client.ts';

const here = new URL('.', import.meta.url);
const docs = new URL('../docs/', here);

const pages = (await readdir(docs)).filter((name) => name.endsWith('.md'));

describe.each(pages)('docs/%s', (name) => {
  test('shows its examples as they are', async () => {
    const page = await readFile(new URL(name, docs), 'utf8');
    for (const [, file, shown] of page.matchAll(
      /<!-- test\/readme\/(\S+) -->\n```ts\n(.*?)```/gs,
    )) {
      expect(shown).toBe(await readFile(new URL(`readme/${file}`, here), 'utf8'));
    }
    // TypeScript that no test runs is no example.
    expect(page.match(/^```ts$/gm) ?? []).toHaveLength(
      page.match(/^<!-- test\/readme\//gm)?.length ?? 0,
    );
  });
});

describe('docs/stores.md', () => {
  /** The rows of the table whose first column is called `capability`, the `nth` of the page. */
  const table = async (nth: number): Promise<string[][]> => {
    const page = await readFile(new URL('stores.md', docs), 'utf8');
    const text = page.split('| capability')[nth]?.split('\n\n')[0] ?? '';
    const rows = text.split('\n').slice(2);
    return rows.map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replace(/`/g, '')),
    );
  };

  test.each([
    ['task', 1, IN_MEMORY_TASK_STORE, DATABASE_TASK_STORE],
    ['push notification', 2, IN_MEMORY_PUSH_NOTIFICATION_STORE, DATABASE_PUSH_NOTIFICATION_STORE],
  ])('describes %s stores as the suites declare them', async (_, nth, inMemory, database) => {
    const rows = await table(nth);
    const bold = rows.map(([name, , ...others]) => [
      name,
      ...others.map((cell) => /^\*\*(.*)\*\*$/.exec(cell)?.[1]),
    ]);
    const declared = rows.map(([name = '']) => [
      name,
      Object(inMemory)[name],
      Object(database)[name],
    ]);
    expect(bold).toEqual(declared);
    const names = rows.map(([name]) => name);
    expect(
      Object.keys({ ...inMemory, ...database }).filter((name) => !names.includes(name)),
    ).toEqual([]);
    // A cell that is not bold has the behaviour of the log's store.
    for (const [, own, ...others] of rows) {
      for (const cell of others) if (!cell.startsWith('**')) expect(cell).toBe(own);
    }
  });
});

describe('the example of docs/clients.md', () => {
  const event = ($case: 'task' | 'statusUpdate', state: TaskState): StreamResponse => {
    const value = { id: 't', taskId: 't', status: { state: taskStateToJSON(state) } };
    return StreamResponse.fromJSON({ [$case]: value });
  };
  const submitted = event('task', TaskState.TASK_STATE_SUBMITTED);
  const completed = event('statusUpdate', TaskState.TASK_STATE_COMPLETED);
  const messageId = randomUUID();
  const request = SendMessageRequest.fromJSON({ message: { messageId } });
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'positions-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  test('continues after a restart, and not after the end', async () => {
    const calls: string[] = [];
    async function* stream(call: string): AsyncGenerator<StreamResponse, void, undefined> {
      calls.push(call);
      yield submitted;
      yield completed;
    }
    const client = {
      sendMessageStream: () => stream('send'),
      resubscribeTask: () => stream('subscribe'),
      getTask: () => Promise.reject(new Error('Not asked for.')),
    };
    const handled: (string | undefined)[] = [];
    const handle = async ({ payload }: StreamResponse): Promise<void> => {
      handled.push(payload?.$case);
      if (handled.length === 2) throw new Error('crash');
    };
    await expect(handleStream(client, request, handle, directory)).rejects.toThrow('crash');
    await handleStream(client, request, handle, directory);
    await handleStream(client, request, handle, directory);
    expect(calls).toEqual(['send', 'subscribe']);
    expect(handled).toEqual(['task', 'statusUpdate', 'task', 'statusUpdate']);
  });
});

describe('an example', () => {
  let aws: LocalAws;

  beforeAll(async () => {
    aws = await startLocalAws();
    for (const [name, value] of Object.entries(aws.env)) vi.stubEnv(name, value);
  }, 60_000);

  afterAll(async () => {
    vi.unstubAllEnvs();
    await aws.stop();
  });

  test('of the stores serves a task', { timeout: 60_000 }, async () => {
    const { requestHandler } = await import('./readme/stores.ts');
    const params = {
      tenant: '',
      message: Message.fromJSON({ messageId: 'm1', role: 'ROLE_USER', parts: [{ text: 'hello' }] }),
      configuration: undefined,
      metadata: undefined,
    };
    const task = (await requestHandler.sendMessage(params, new ServerCallContext())) as Task;
    expect(task.status?.state).toBe(TaskState.TASK_STATE_COMPLETED);
    const request = { id: task.id, tenant: '' };
    const stored = await requestHandler.getTask(request, new ServerCallContext());
    expect(Task.toJSON(stored)).toEqual(Task.toJSON(task));
  });
});
