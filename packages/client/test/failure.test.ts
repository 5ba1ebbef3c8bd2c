import { JsonRpcTransportFactory, RestTransportFactory, type Transport } from '@a2a-js/sdk/client';
import {
  ContentTypeNotSupportedError,
  ExtensionSupportRequiredError,
  InvalidAgentResponseError,
  RequestMalformedError,
  TaskNotFoundError,
  UnsupportedOperationError,
  VersionNotSupportedError,
} from '@a2a-js/sdk/errors';
import { describe, expect, test } from 'vitest';
import { type Failure, failureOf } from '../src/failure.ts';

type Answer = readonly [status: number, body: string, headers?: Record<string, string>];

/** Returns the error of a subscription through the SDK's own transport, for this answer of a server. */
async function errorOf(binding: 'JSONRPC' | 'HTTP+JSON', answer: Answer | Error): Promise<unknown> {
  const fetchImpl: typeof fetch = async () => {
    if (answer instanceof Error) throw answer;
    const [status, body, headers = {}] = answer;
    return new Response(body, { status, headers });
  };
  const factory =
    binding === 'JSONRPC'
      ? new JsonRpcTransportFactory({ fetchImpl })
      : new RestTransportFactory({ fetchImpl });
  const transport: Transport = await factory.create('http://agent.example', {} as never);
  try {
    for await (const _ of transport.resubscribeTask({ tenant: '', id: 't' }));
  } catch (error) {
    return error;
  }
  throw new Error('The stream should have failed.');
}

const rpc = (code: number): string =>
  JSON.stringify({ jsonrpc: '2.0', id: 1, error: { code, message: 'No.' } });
const rest = (code: number, reason?: string): string => {
  const type = 'type.googleapis.com/google.rpc.ErrorInfo';
  const info = { '@type': type, reason, domain: 'a2a-protocol.org', metadata: {} };
  return JSON.stringify({ error: { code, message: 'No.', details: reason ? [info] : [] } });
};
const sse = { 'content-type': 'text/event-stream' };
const HTML = '<html>Oops</html>';

describe('over JSON-RPC', () => {
  test.each<readonly [string, Answer | Error, Failure]>([
    ['no connection', new TypeError('fetch failed'), 0],
    ['time-out of fetch', new DOMException('Slow.', 'TimeoutError'), 0],
    ['503 of a server', [503, rpc(-32603)], 0],
    ['503 of a balancer', [503, HTML], 0],
    ['502 of a balancer', [502, HTML], 0],
    ['504 of a balancer', [504, ''], 0],
    ['500', [500, HTML], 0],
    ['408', [408, ''], 0],
    ['425', [425, ''], 0],
    ['429', [429, 'Slow down.'], 0],
    ['520 of a proxy', [520, HTML], 0],
    ['501', [501, ''], 'final'],
    ['505', [505, ''], 'final'],
    ['401', [401, 'Who are you?'], 'final'],
    ['403', [403, HTML], 'final'],
    ['404', [404, HTML], 'final'],
    ['410', [410, HTML], 'final'],
    ['413', [413, HTML], 'final'],
    ['302 without a target', [302, ''], 'final'],
    ['a page of a captive portal', [200, HTML, { 'content-type': 'text/html' }], 0],
    ['an error event', [200, `event: error\ndata: ${rpc(-32603)}\n\n`, sse], 0],
    ['an error event of a task that is gone', [200, `data: ${rpc(-32001)}\n\n`, sse], 'final'],
    ['half an event', [200, 'data: {"jsonrpc":\n', sse], 0],
    ['task not found', [404, rpc(-32001)], 'final'],
    ['an error of a later A2A', [409, rpc(-32010)], 'final'],
    ['an error of the application', [500, rpc(-32000)], 0],
    ['unsupported operation', [400, rpc(-32004)], 'unsupported'],
    ['invalid parameters', [400, rpc(-32602)], 'refused'],
    ['400 of a proxy', [400, HTML], 'refused'],
  ])('%s', async (_, answer, expected) => {
    expect(failureOf(await errorOf('JSONRPC', answer), true)).toBe(expected);
  });
});

describe('over HTTP+JSON', () => {
  test.each<readonly [string, Answer | Error, Failure]>([
    ['no connection', new TypeError('fetch failed'), 0],
    ['503 of a server', [503, rest(503)], 0],
    ['503 that names a time', [503, rest(503), { 'retry-after': '7' }], 7_000],
    ['503 that names a long time', [503, rest(503), { 'retry-after': '86400' }], 300_000],
    [
      '503 that names a past time',
      [503, '', { 'retry-after': 'Fri, 31 Dec 1999 23:59:59 GMT' }],
      0,
    ],
    ['503 that names no time', [503, '', { 'retry-after': 'soon' }], 0],
    ['503 of a balancer', [503, HTML], 0],
    ['429', [429, HTML, { 'retry-after': '1' }], 1_000],
    ['401', [401, HTML], 'final'],
    ['403', [403, rest(403)], 'final'],
    ['404 of a proxy', [404, HTML], 'final'],
    ['task not found', [404, rest(404, 'TASK_NOT_FOUND')], 'final'],
    ['version not supported', [400, rest(400, 'VERSION_NOT_SUPPORTED')], 'final'],
    ['a reason of a later A2A', [409, rest(409, 'TASK_GENERATION_MISMATCH')], 'final'],
    ['unsupported operation', [400, rest(400, 'UNSUPPORTED_OPERATION')], 'unsupported'],
    ['invalid parameters', [400, rest(400, 'INVALID_PARAMS')], 'refused'],
    ['an error event', [200, `event: error\ndata: ${rest(503)}\n\n`, sse], 0],
    ['a page of a captive portal', [200, HTML, { 'content-type': 'text/html' }], 0],
  ])('%s', async (_, answer, expected) => {
    expect(failureOf(await errorOf('HTTP+JSON', answer), true)).toBe(expected);
  });

  test('503 that names a date', async () => {
    const date = new Date(Date.now() + 60_000).toUTCString();
    const wait = failureOf(await errorOf('HTTP+JSON', [503, '', { 'retry-after': date }]), true);
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(60_000);
  });
});

describe('over gRPC', () => {
  test.each<readonly [string, number, Failure]>([
    ['CANCELLED', 1, 0],
    ['UNKNOWN', 2, 0],
    ['INVALID_ARGUMENT', 3, 'refused'],
    ['DEADLINE_EXCEEDED', 4, 0],
    ['NOT_FOUND', 5, 'final'],
    ['ALREADY_EXISTS', 6, 'final'],
    ['PERMISSION_DENIED', 7, 'final'],
    ['RESOURCE_EXHAUSTED', 8, 0],
    ['FAILED_PRECONDITION', 9, 'final'],
    ['ABORTED', 10, 'final'],
    ['OUT_OF_RANGE', 11, 'final'],
    ['UNIMPLEMENTED', 12, 'final'],
    ['INTERNAL', 13, 0],
    ['UNAVAILABLE', 14, 0],
    ['DATA_LOSS', 15, 0],
    ['UNAUTHENTICATED', 16, 'final'],
  ])('%s', (_, status, expected) => {
    const error = Object.assign(new Error('gRPC error'), { name: 'A2AError', status });
    expect(failureOf(error, true)).toBe(expected);
    expect(failureOf(new Error('wrapped', { cause: error }), true)).toBe(expected);
  });
});

test('Errors about the request are final, without a cursor also those about its parameters.', () => {
  for (const error of [
    new TaskNotFoundError(),
    new ContentTypeNotSupportedError(),
    new ExtensionSupportRequiredError(),
    new InvalidAgentResponseError(),
    new VersionNotSupportedError(),
  ]) {
    expect(failureOf(error, true), error.name).toBe('final');
  }
  expect(failureOf(new RequestMalformedError(), false)).toBe('final');
  expect(failureOf(new UnsupportedOperationError(), false)).toBe('unsupported');
});

test('Anything that is thrown leads to another try.', () => {
  const circle: { cause?: unknown } = {};
  circle.cause = circle;
  const odd = { name: {}, message: 1, status: 'x', statusCode: null, headers: 'no' };
  for (const thrown of [undefined, null, 'text', 7, circle, odd, new Error('?')]) {
    expect(failureOf(thrown, true)).toBe(0);
  }
});
