import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type LocalAws, startLocalAws } from '@a2a-aws/local';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from './fixtures/eventually.ts';
import { post, REST } from './fixtures/raw-request.ts';
import { RawStream } from './fixtures/raw-stream.ts';
import { TcpProxy } from './fixtures/tcp-proxy.ts';

const timeout = 240_000;
/** Several processes start at once, from source. */
const START_MS = 120_000;
/** Much more than a stop may take: only a process that never ends gets there. */
const PATIENCE_MS = 60_000;
const SCRIPT = new URL('fixtures/stopping-process.ts', import.meta.url);
let aws: LocalAws;

beforeAll(async () => {
  aws = await startLocalAws();
}, timeout);
afterAll(() => aws.stop(), timeout);

/** A server in a process of its own, whose ways to AWS go through here. */
class StoppingServer {
  readonly table: TcpProxy;
  readonly messaging: TcpProxy;
  readonly #child: ChildProcess;
  #output = '';

  private constructor(table: TcpProxy, messaging: TcpProxy) {
    this.table = table;
    this.messaging = messaging;
    this.#child = spawn(
      process.execPath,
      ['--conditions=@a2a-aws/source', '--import=tsx', fileURLToPath(SCRIPT)],
      {
        cwd: fileURLToPath(new URL('.', import.meta.url)),
        env: {
          ...process.env,
          ...aws.env,
          AWS_ENDPOINT_URL_DYNAMODB: table.endpoint,
          AWS_ENDPOINT_URL_SNS: messaging.endpoint,
          AWS_ENDPOINT_URL_SQS: messaging.endpoint,
        },
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.#output += String(chunk);
    });
  }

  static async start(): Promise<StoppingServer> {
    const [table, messaging] = await Promise.all([
      TcpProxy.start(aws.clientConfig.dynamodb.endpoint),
      TcpProxy.start(aws.clientConfig.sns.endpoint),
    ]);
    return new StoppingServer(table, messaging);
  }

  /** Returns the text that it printed after this word. */
  async printed(word: string): Promise<string> {
    return eventually(
      `${word} from the server`,
      () =>
        new RegExp(`^${word} ?(.*)$`, 'm').exec(this.#output)?.[1]?.concat(' ').trimEnd() ?? false,
      START_MS,
    );
  }

  async url(): Promise<string> {
    return `http://127.0.0.1:${await this.printed('ready')}`;
  }

  /** Has the agent do this; gives the task's id. */
  async send(word: string, configuration: object = {}): Promise<string> {
    const message = { messageId: crypto.randomUUID(), role: 'ROLE_USER', parts: [{ text: word }] };
    const body = { message, configuration: { returnImmediately: true, ...configuration } };
    await post(`${await this.url()}/rest/message:send`, JSON.stringify(body), REST.headers);
    return this.printed('started');
  }

  /**
   * Sends SIGTERM. Resolves with the exit code, and with the handles that kept the process alive
   * after its stop.
   */
  async stop(): Promise<{ readonly code: number | null; readonly left: readonly string[] }> {
    const child = this.#child;
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const [code] = (await exited) as [number | null];
    clearTimeout(timer);
    await Promise.all([this.table.stop(), this.messaging.stop()]);
    const left = Array.from(this.#output.matchAll(/^left (.*)$/gm), ([, what = '']) => what);
    return { code, left };
  }
}

const ENDED = { code: 0, left: [] };

/** A receiver of pushes that does not answer as it should. */
async function receiver(answer: (response: ServerResponse) => void): Promise<Server> {
  const server = createServer((_request, response) => answer(response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

describe.concurrent('[I7] a stopped server ends by itself', () => {
  test('when all is well', { timeout }, async () => {
    const server = await StoppingServer.start();
    await server.send('push');
    expect(await server.stop()).toEqual(ENDED);
  });

  test('with an executor that never returns', { timeout }, async () => {
    const server = await StoppingServer.start();
    await server.send('hang');
    expect(await server.stop()).toEqual(ENDED);
  });

  test('with a reader that does not read', { timeout }, async () => {
    const server = await StoppingServer.start();
    const id = await server.send('flood');
    await server.printed('flooded');
    await RawStream.subscribe(await server.url(), id);
    expect(await server.stop()).toEqual(ENDED);
  });

  test.each(['silence', 'trickle', 'shut'] as const)(
    'when AWS does: %s',
    { timeout },
    async (what) => {
      const server = await StoppingServer.start();
      await server.send('hang');
      server.table[what]();
      server.messaging[what]();
      expect(await server.stop()).toEqual(ENDED);
    },
  );

  test.each(['table', 'messaging'] as const)(
    'when only this is silent: the %s',
    { timeout },
    async (part) => {
      const server = await StoppingServer.start();
      await server.send('hang');
      server[part].silence();
      expect(await server.stop()).toEqual(ENDED);
    },
  );

  test('when AWS has not answered yet at the start', { timeout }, async () => {
    const server = await StoppingServer.start();
    server.table.silence();
    server.messaging.silence();
    await server.printed('starting');
    const { left } = await server.stop();
    expect(left).toEqual([]);
  });

  test.each([
    ['never answers', () => {}],
    ['never ends its answer', (response: ServerResponse) => void response.write('.')],
  ])('with a receiver of pushes that %s', { timeout }, async (_what, answer) => {
    const receiving = await receiver(answer);
    const { port } = receiving.address() as AddressInfo;
    const server = await StoppingServer.start();
    const taskPushNotificationConfig = { id: 'c', url: `http://127.0.0.1:${port}/` };
    await server.send('push', { taskPushNotificationConfig });
    expect(await server.stop()).toEqual(ENDED);
    receiving.closeAllConnections();
    receiving.close();
  });
});
