import { RequestMalformedError } from '@a2a-js/sdk/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodePageToken, encodePageToken } from '../../src/a2a/page-token.ts';
import { anyText } from '../fixtures/arbitraries.ts';

const malformed = expect.toSatisfy((error: unknown) => error instanceof RequestMalformedError);

describe('a page token', () => {
  test('reads as what it was made of, and fits into a URL', () => {
    fc.assert(
      fc.property(anyText, anyText, (timestamp, taskId) => {
        const token = encodePageToken({ timestamp, taskId });
        expect(decodePageToken(token)).toEqual({ timestamp, taskId });
        expect(token).toMatch(/^[\w-]+$/);
      }),
    );
  });

  test.each<[string, string]>([
    ['nothing', ''],
    ['some text', 'page 2'],
    ['JSON of another shape', btoa('{"timestamp":"","taskId":""}')],
    ['a later version', btoa('[2,"",""]')],
    ['a number for an id', btoa('[1,"",5]')],
    ['too little', btoa('[1,""]')],
    ['too much', btoa('[1,"","",""]')],
  ])('of %s is malformed', (_, text) => {
    expect(() => decodePageToken(text)).toThrow(malformed);
  });

  test('that was tampered with reads as some place or is malformed, and its text is in no error', () => {
    const token = encodePageToken({ timestamp: '2026-01-01T00:00:00.000Z', taskId: 'task-1' });
    fc.assert(
      fc.property(fc.nat(token.length), fc.string({ maxLength: 4 }), (at, put) => {
        const text = token.slice(0, at) + put + token.slice(at + put.length);
        try {
          const { timestamp, taskId } = decodePageToken(text);
          expect([typeof timestamp, typeof taskId]).toEqual(['string', 'string']);
        } catch (error) {
          expect(error).toEqual(malformed);
          expect((error as Error).message).toBe('The page token is malformed.');
        }
      }),
    );
  });
});
