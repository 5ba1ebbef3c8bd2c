import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { takeVersion } from '../../src/connections/protocol-version.ts';

function requestOf(method: string, url: string, headers: Record<string, string> = {}) {
  return { method, url, headers } as unknown as IncomingMessage;
}

test('a client of 1.1 is served as one of 1.0', () => {
  const request = requestOf('POST', '/', { 'a2a-version': '1.1' });
  expect(takeVersion(request)).toBe(true);
  expect(request.headers).toEqual({ 'a2a-version': '1.0' });
});

test('the query of a GET request gives what its headers lack', () => {
  const request = requestOf('GET', '/x?A2A-Version=1.1&A2A-Extensions=a&A2A-Extensions=b');
  expect(takeVersion(request)).toBe(true);
  expect(request.headers).toEqual({ 'a2a-version': '1.0', 'a2a-extensions': 'a,b' });
  const sent = requestOf('GET', '/x?A2A-Version=1.1', { 'a2a-version': '0.3' });
  expect(takeVersion(sent)).toBe(false);
  expect(sent.headers).toEqual({ 'a2a-version': '0.3' });
});

test.each([
  ['POST', '/?A2A-Version=1.1'],
  ['GET', '/?A2A-Extensions=x%0d%0aX-User:%20ann'],
  ['GET', '/?A2A-Version='],
])('%s %s gives nothing', (method, url) => {
  const request = requestOf(method, url);
  expect(takeVersion(request)).toBe(false);
  expect(request.headers).toEqual({});
});
