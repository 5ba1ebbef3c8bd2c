import { RequestMalformedError } from '@a2a-js/sdk/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodePageToken, encodePageToken } from '../../src/stores/page-token.ts';
import { anyText } from '../fixtures/arbitraries.ts';

const malformed = expect.toSatisfy((error: unknown) => error instanceof RequestMalformedError);
const wellFormed = anyText.map((text) => text.toWellFormed());
const anyPlace = fc.record({ latest: fc.nat(), taskId: wellFormed });

describe('a page token', () => {
  test('reads as it was written, and fits into a URL', () => {
    fc.assert(
      fc.property(anyPlace, anyText, (place, list) => {
        const token = encodePageToken(place, list);
        expect(decodePageToken(token, list)).toEqual(place);
        expect(token).toMatch(/^[\w-]+$/);
      }),
    );
  });

  test('[I9] of another list is malformed', () => {
    fc.assert(
      fc.property(anyPlace, wellFormed, wellFormed, (place, list, other) => {
        fc.pre(list !== other);
        expect(() => decodePageToken(encodePageToken(place, list), other)).toThrow(malformed);
      }),
    );
  });

  test.each<[string, string]>([
    ['nothing', ''],
    ['some text', 'page 2'],
    ['JSON of another shape', btoa('{"latest":0,"taskId":""}')],
    ['a later version', btoa('[2,0,"",""]')],
    ['a number for an id', btoa('[1,0,5,""]')],
    ['too little', btoa('[1,0,""]')],
    ['too much', btoa('[1,0,"","",""]')],
    ['no digest', btoa('[1,0,"",""]')],
  ])('of %s is malformed', (_, text) => {
    expect(() => decodePageToken(text, '')).toThrow(malformed);
  });

  test('is malformed if any bit was changed; its text is in no error', () => {
    const token = encodePageToken({ latest: 1_700_000_000_000, taskId: 'task-1' }, 'list');
    fc.assert(
      fc.property(fc.nat(token.length), fc.string({ maxLength: 4 }), (at, put) => {
        const text = token.slice(0, at) + put + token.slice(at + put.length);
        fc.pre(text !== token);
        expect(() => decodePageToken(text, 'list')).toThrow(
          expect.objectContaining({
            constructor: RequestMalformedError,
            message: 'The page token is malformed, or of another list.',
          }),
        );
      }),
      {
        numRuns: 500,
        examples: [
          [token.length, '='],
          [token.length, ' '],
        ],
      },
    );
  });
});
