import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type LocalAws, startLocalAws } from '@a2a-aws/local';
import { type Task, TaskState } from '@a2a-js/sdk';
import {
  type Client,
  ClientFactory,
  ClientFactoryOptions,
  JsonRpcTransportFactory,
} from '@a2a-js/sdk/client';
import { TaskNotFoundError } from '@a2a-js/sdk/errors';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clientAt } from './fixtures/clients.ts';
import { eventually } from './fixtures/eventually.ts';
import { list, send } from './fixtures/requests.ts';
import { serverPort } from './fixtures/server-port.ts';

const examples = new URL('../examples/', import.meta.url);
const children = new Set<ChildProcess>();
let aws: LocalAws;

beforeAll(async () => {
  aws = await startLocalAws();
});

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await aws.stop();
});

/** Runs an example as its command does. */
function run(name: string, env: NodeJS.ProcessEnv = {}): ChildProcess {
  const child = spawn(
    process.execPath,
    ['--conditions=@a2a-aws/source', '--import=tsx', 'run.ts', name],
    {
      cwd: fileURLToPath(examples),
      env: { ...process.env, A2A_LOG_LEVEL: 'warn', ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  children.add(child);
  return child;
}

/** Runs a server on the AWS of this file; stops it when `use` is done, and expects a clean end. */
async function serve(name: string, use: (port: number) => Promise<void>): Promise<void> {
  const port = await serverPort();
  const child = run(name, { ...aws.env, A2A_PREFIX: name, PORT: String(port) });
  try {
    await use(port);
  } finally {
    child.kill('SIGTERM');
  }
  expect(await once(child, 'exit')).toEqual([0, null]);
}

/** The client of the server's own card, once it answers; a token proves the user. */
async function clientOf(port: number, token?: string): Promise<Client> {
  const fetchImpl: typeof fetch = (url, init) => {
    const headers = new Headers(init?.headers);
    if (token) headers.set('authorization', `Bearer ${token}`);
    return fetch(url, { ...init, headers });
  };
  const transports = [new JsonRpcTransportFactory({ fetchImpl })];
  const factory = new ClientFactory(
    ClientFactoryOptions.createFrom(ClientFactoryOptions.default, { transports }),
  );
  return eventually('the server answers', () =>
    factory.createFromUrl(`http://127.0.0.1:${port}`).catch(() => undefined),
  );
}

/** Sends "hello", and expects the agent of the examples to complete the task with it. */
async function isEchoed(client: Client, tenant = ''): Promise<Task> {
  const task = (await client.sendMessage({ ...send('hello'), tenant })) as Task;
  expect(task.status?.state).toBe(TaskState.TASK_STATE_COMPLETED);
  expect(task.artifacts[0]?.parts[0]?.content).toEqual({ $case: 'text', value: 'hello' });
  return task;
}

test.each(['express', 'nestjs'])('The example %s answers, and stops cleanly.', (name) =>
  serve(name, async (port) => {
    await isEchoed(await clientOf(port));
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
  }),
);

test('The example auth shows a task to the team of its user, in its tenant, to no other.', () =>
  serve('auth', async (port) => {
    const ann = await clientOf(port, 'token-of-ann');
    const bob = await clientOf(port, 'token-of-bob');
    const eve = await clientOf(port, 'token-of-eve');
    for (const token of [undefined, 'token-of-mallory']) {
      const stranger = await clientOf(port, token);
      await expect(stranger.sendMessage(send('hello'))).rejects.toThrow('401');
    }
    const { id } = await isEchoed(ann, 'spring');
    expect(await bob.getTask({ tenant: 'spring', id })).toMatchObject({ id });
    expect((await bob.listTasks({ ...list(), tenant: 'spring' })).tasks).toHaveLength(1);
    for (const [client, tenant] of [
      [bob, ''],
      [eve, 'spring'],
    ] as const) {
      await expect(client.getTask({ tenant, id })).rejects.toThrow(TaskNotFoundError);
      expect((await client.listTasks({ ...list(), tenant })).tasks).toEqual([]);
    }
  }));

test('The example grpc answers, and stops cleanly.', () =>
  serve('grpc', async (port) => {
    const client = await clientAt(`http://127.0.0.1:${port}`, 'GRPC');
    await eventually('the server listens', () => client.listTasks(list()).catch(() => undefined));
    await isEchoed(client);
  }));

test('The example queues brings its own AWS, and each event from one process to the other.', async () => {
  const child = run('queues', { A2A_TABLE_NAME: '' });
  expect(await text(child.stdout as Readable)).toBe(
    '1 task\n' +
      '2 statusUpdate: Collecting figures.\n' +
      '3 statusUpdate: Drawing charts.\n' +
      '4 statusUpdate: Done. (final)\n',
  );
});

// Its client waits longer from try to try, while the second proxy starts.
test('The example proxy loses nothing when its proxy is killed.', {
  timeout: 120_000,
}, async () => {
  const child = run('proxy', { A2A_TABLE_NAME: '' });
  const [output, [code]] = await Promise.all([text(child.stdout as Readable), once(child, 'exit')]);
  const all = '30 of 30 chunks, in order, 0 twice, 0 gaps, COMPLETED';
  expect(output).toBe(
    'The proxy was killed when its client had 10 chunks.\n' +
      'Another proxy has started.\n' +
      `sender, JSON-RPC: ${all}\n` +
      `subscriber, HTTP+JSON: ${all}\n`,
  );
  expect(code).toBe(0);
});

test('A name that is no example is refused.', async () => {
  expect(await once(run('../test'), 'exit')).toEqual([2, null]);
});
