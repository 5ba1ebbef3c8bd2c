import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HttpNode } from './fixtures/http-node.ts';
import { type Binding, JSON_RPC, post, type RawResponse, REST } from './fixtures/raw-request.ts';

const timeout = 60_000;
const BINDINGS = [JSON_RPC, REST];
const MIB = 1024 * 1024;
let node: HttpNode;

beforeAll(async () => {
  node = await HttpNode.start();
}, timeout);
afterAll(() => node.stop(), timeout);

/** Returns the code and the text of an error of the binding. */
async function told(binding: Binding, answer: RawResponse): Promise<[code: number, text: string]> {
  const text = await answer.end();
  expect(text).not.toMatch(/<html|node_modules|\.js:|\.ts:/i);
  expect(answer.header('content-type')).toContain('json');
  const { jsonrpc, id, error } = JSON.parse(text);
  if (binding === JSON_RPC) expect({ jsonrpc, id }).toEqual({ jsonrpc: '2.0', id: null });
  else expect(error.code).toBe(answer.status);
  return [error.code, error.message];
}

/** A body whose text is so long that the whole is `bytes` long. */
function bodyOf(binding: Binding, bytes: number): { url: string; body: string } {
  const { path, body } = binding.body('send', '');
  const missing = bytes - JSON.stringify(body).length;
  const text = JSON.stringify(body).replace('"text":""', `"text":"${'x'.repeat(missing)}"`);
  return { url: `${node.url}${path}`, body: text };
}

test.each(BINDINGS)(
  '$name: a message of almost 4 MiB gets its answer',
  { timeout },
  async (binding) => {
    const { url, body } = bodyOf(binding, 4 * MIB - 4096);
    const answer = await post(url, body, binding.headers);
    expect(answer.status).toBe(200);
    // The agent has no script for this, and echoes nothing.
    expect(await answer.end()).toContain('TASK_STATE_');
  },
);

test.each(BINDINGS)(
  '$name: a message of more than 4 MiB is refused, whether or not it is read',
  {
    timeout,
  },
  async (binding) => {
    const read = bodyOf(binding, 4 * MIB + 4096);
    const refused = await post(read.url, read.body, binding.headers);
    expect(await refused.end()).toContain('The message is too large.');

    const unread = bodyOf(binding, 5 * MIB);
    const answer = await post(unread.url, unread.body, binding.headers);
    expect(answer.status).toBe(413);
    expect(await told(binding, answer)).toEqual([
      binding === JSON_RPC ? -32602 : 413,
      'The body of the request is too large.',
    ]);
  },
);

test.each(BINDINGS)(
  '$name: a body that inflates to more than 4 MiB is refused',
  { timeout },
  async (binding) => {
    const { url, body } = bodyOf(binding, 50 * MIB);
    const answer = await post(url, gzipSync(body), {
      ...binding.headers,
      'content-encoding': 'gzip',
    });
    expect(answer.status).toBe(413);
    await told(binding, answer);
  },
);

test.each(
  BINDINGS.flatMap((binding) => [
    { binding, what: 'no JSON', body: '{"jsonrpc":', headers: {}, code: [-32700, 400] },
    { binding, what: 'an array that never ends', body: '[[[[[', headers: {}, code: [-32700, 400] },
    {
      binding,
      what: 'a character set that is unknown',
      body: '{}',
      headers: { 'content-type': 'application/json; charset=klingon' },
      code: [-32005, 415],
    },
    {
      binding,
      what: 'an encoding that is unknown',
      body: '{}',
      headers: { 'content-encoding': 'klingon' },
      code: [-32005, 415],
    },
    {
      binding,
      what: 'no gzip',
      body: '{}',
      headers: { 'content-encoding': 'gzip' },
      code: [-32602, 400],
    },
    {
      binding,
      what: 'a content type with half a parameter',
      body: '{}',
      headers: { 'content-type': 'application/json; charset' },
      code: [-32602, 400],
    },
  ]),
)('$binding.name: a body that is $what is an error of the client', { timeout }, async (given) => {
  const { binding, body, headers, code } = given;
  const { path } = binding.body('send', '');
  const answer = await post(`${node.url}${path}`, body, { ...binding.headers, ...headers });
  const [found] = await told(binding, answer);
  expect(found).toBe(code[binding === JSON_RPC ? 0 : 1]);
});

test('HTTP+JSON: a path that cannot be decoded is an error of the client', {
  timeout,
}, async () => {
  const answer = await post(`${node.url}/rest/tasks/%E0%A4%A:cancel`, '{}', REST.headers);
  expect(answer.status).toBe(400);
  expect(await told(REST, answer)).toEqual([400, 'The request was refused.']);
});

test('content of clients is not logged', () => {
  expect(node.logger.text).not.toContain('request.failed');
});
