import compression from 'compression';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Gate } from './fixtures/eventually.ts';
import { HttpNode, type HttpNodeOptions } from './fixtures/http-node.ts';
import { type Binding, JSON_RPC, postMessage, REST } from './fixtures/raw-request.ts';

const timeout = 60_000;

/** Messages of A2A 0.3, which the SDK's routers understand as well. */
const OLD_JSON_RPC: Binding = {
  name: 'JSON-RPC 0.3',
  headers: {},
  body: (method, text, taskId) => ({
    path: '/rpc',
    body: {
      jsonrpc: '2.0',
      id: 1,
      method: `message/${method}`,
      params: {
        message: {
          kind: 'message',
          messageId: crypto.randomUUID(),
          role: 'user',
          parts: [{ kind: 'text', text }],
          ...(taskId ? { taskId } : {}),
        },
      },
    },
  }),
};

const OLD_REST: Binding = {
  name: 'REST 0.3',
  headers: {},
  body: (method, text, taskId = '') => ({
    path: `/rest/v1/message:${method}`,
    body: {
      request: { messageId: crypto.randomUUID(), role: 'ROLE_USER', taskId, content: [{ text }] },
    },
  }),
};

const BINDINGS = [JSON_RPC, REST, OLD_JSON_RPC, OLD_REST];

/** Where compression middleware stands. */
const MOUNTS: Readonly<Record<string, NonNullable<HttpNodeOptions['layers']>>> = {
  nowhere: (backend) => [backend.express()],
  'before backend.express()': (backend) => [compression({ threshold: 0 }), backend.express()],
  'after backend.express()': (backend) => [backend.express(), compression({ threshold: 0 })],
};

/** Each binding on each server. */
const CASES = Object.keys(MOUNTS).flatMap((mount) =>
  BINDINGS.map((binding) => ({ mount, binding, name: binding.name })),
);

// All streams wait at the same time for their first comment, 15 s.
vi.setConfig({ maxConcurrency: CASES.length });

const nodes = new Map<string, HttpNode>();
const nodeOf = (mount: string): HttpNode => nodes.get(mount) as HttpNode;

beforeAll(async () => {
  for (const [mount, layers] of Object.entries(MOUNTS)) {
    nodes.set(mount, await HttpNode.start({ layers }));
  }
}, timeout);
afterAll(async () => {
  for (const node of nodes.values()) await node.stop();
}, timeout);

test.concurrent.each(CASES)(
  '[I6] compression $mount, $name: a stream opens before its first event, which arrives at once',
  {
    timeout,
  },
  async ({ mount, binding }) => {
    const node = nodeOf(mount);
    const [silent, open] = [new Gate(), new Gate()];
    const text = node.script(async (turn) => {
      await silent.opened;
      turn.task();
      await open.opened;
      turn.status('COMPLETED', 'done');
    });
    const headers = { 'accept-encoding': 'gzip, deflate, br' };

    const stream = await postMessage(node.url, binding, 'stream', text, { headers });
    await stream.until(': alive\n\n');
    expect(stream.status).toBe(200);
    expect(stream.header('content-type')).toContain('text/event-stream');
    expect(stream.header('cache-control')).toBe('no-cache, no-transform');
    expect(stream.header('content-encoding')).toBe('');

    silent.open();
    await stream.until('data: ');
    expect(stream.text).not.toContain('done');
    open.open();
    expect(await stream.end()).toContain('done');
    expect(stream.text).not.toContain('event: error');
  },
);

test.each(CASES)(
  'compression $mount, $name: an event arrives while the stream is open',
  { timeout },
  async ({ mount, binding }) => {
    const node = nodeOf(mount);
    const gate = new Gate();
    const text = node.script(async (turn) => {
      turn.task();
      await gate.opened;
      turn.status('COMPLETED', 'done');
    });
    const headers = { 'accept-encoding': 'gzip' };
    const stream = await postMessage(node.url, binding, 'stream', text, { headers });
    await stream.until('data: ');
    expect(stream.header('cache-control')).toBe('no-cache, no-transform');
    gate.open();
    expect(await stream.end()).toContain('done');
  },
);

test.each(CASES)(
  'compression $mount, $name: a refusal before the stream has the same answer as without a stream',
  {
    timeout,
  },
  async ({ mount, binding }) => {
    const node = nodeOf(mount);
    const taskId = '00000000-0000-4000-8000-000000000000';
    const answer = await postMessage(node.url, binding, 'stream', 'hello', { taskId });
    expect(answer.header('content-type')).toContain('json');
    expect(answer.status).toBe(binding.name.startsWith('JSON') ? 200 : 404);
    expect(JSON.parse(await answer.end())).toBeTypeOf('object');
  },
);
