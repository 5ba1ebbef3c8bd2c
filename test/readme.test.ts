import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { startLocalAws } from '@a2a-aws/local';
import { Message, type Task, TaskState } from '@a2a-js/sdk';
import { ClientFactory, JsonRpcTransportFactory, RestTransportFactory } from '@a2a-js/sdk/client';
import { afterEach, describe, expect, test } from 'vitest';
import { serverPort } from './fixtures/server-port.ts';

const here = new URL('.', import.meta.url);
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.kill('SIGTERM')) await once(child, 'exit');
  }
});

/** Runs a TypeScript file as the examples are run: in a process of its own. */
function run(file: URL, env: NodeJS.ProcessEnv): ChildProcess {
  const child = spawn(
    process.execPath,
    ['--conditions=@a2a-aws/source', '--import=tsx', fileURLToPath(file)],
    {
      cwd: fileURLToPath(here),
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  children.push(child);
  return child;
}

async function output(child: ChildProcess): Promise<string> {
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    text += String(chunk);
  });
  await once(child, 'exit');
  return text;
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    (response) => response.ok,
    () => false,
  );
}

describe('README', () => {
  test.each(['try.ts', 'server.ts'])('shows test/readme/%s as it is', async (name) => {
    const readme = await readFile(new URL('../README.md', here), 'utf8');
    const example = await readFile(new URL(`readme/${name}`, here), 'utf8');
    expect(readme).toContain(`<!-- test/readme/${name} -->\n\`\`\`ts\n${example}\`\`\``);
  });

  test('the three lines start a backend', { timeout: 60_000 }, async () => {
    const example = await readFile(new URL('readme/try.ts', here), 'utf8');
    const folder = new URL('dist/', here);
    await mkdir(folder, { recursive: true });
    const file = new URL('readme-try.ts', folder);
    const ending =
      'console.log(JSON.stringify(backend.health()));\nawait backend.stop();\nawait aws.stop();\n';
    await writeFile(file, example + ending);
    expect(JSON.parse(await output(run(file, {})))).toMatchObject({ ready: true });
  });

  test('docs/queues.md shows its example, which follows a task', { timeout: 60_000 }, async () => {
    const page = await readFile(new URL('../docs/queues.md', here), 'utf8');
    const file = new URL('readme/queues.ts', here);
    const example = await readFile(file, 'utf8');
    expect(page).toContain(`<!-- test/readme/queues.ts -->\n\`\`\`ts\n${example}\`\`\``);
    const aws = await startLocalAws();
    try {
      expect(await output(run(file, { ...aws.env }))).toBe('1 task false\n2 task true\n');
    } finally {
      await aws.stop();
    }
  });

  test('the ten lines serve a task over both bindings, and stop on SIGTERM', {
    timeout: 60_000,
  }, async () => {
    const aws = await startLocalAws();
    try {
      const port = await serverPort();
      const server = run(new URL('readme/server.ts', here), { ...aws.env, PORT: String(port) });
      await expect.poll(() => answers(`http://127.0.0.1:${port}/health`)).toBe(true);
      for (const binding of ['JSONRPC', 'HTTP+JSON']) {
        const paths: string[] = [];
        const fetchImpl: typeof fetch = (input, init) => {
          paths.push(new URL(String(input)).pathname);
          return fetch(input, init);
        };
        const transports = [
          new JsonRpcTransportFactory({ fetchImpl }),
          new RestTransportFactory({ fetchImpl }),
        ];
        const factory = new ClientFactory({ transports, preferredTransports: [binding] });
        const client = await factory.createFromUrl(`http://127.0.0.1:${port}`);
        const answer = await client.sendMessage({
          tenant: '',
          message: Message.fromJSON({
            messageId: binding,
            role: 'ROLE_USER',
            parts: [{ text: 'hello' }],
          }),
          configuration: undefined,
          metadata: undefined,
        });
        const task = answer as Task;
        expect(paths).toEqual([binding === 'JSONRPC' ? '/a2a/jsonrpc' : '/a2a/rest/message:send']);
        expect(task.status?.state).toBe(TaskState.TASK_STATE_COMPLETED);
        expect(task.artifacts[0]?.parts[0]?.content).toEqual({ $case: 'text', value: 'hello' });
      }
      server.kill('SIGTERM');
      expect(await once(server, 'exit')).toEqual([0, null]);
    } finally {
      await aws.stop();
    }
  });
});
