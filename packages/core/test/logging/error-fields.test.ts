import { describe, expect, test } from 'vitest';
import { BackendError } from '../../src/errors.ts';
import { errorFields, thrownFields } from '../../src/logging/error-fields.ts';

const SECRET = 'marker-in-a-message';

describe('errorFields', () => {
  test('has the code and the facts about the call', () => {
    const details = { operation: 'PutItem', cause: 'ThrottlingException', attempts: 3 };
    const error = new BackendError('throttled', 'Too much.', { cause: new Error(SECRET), details });
    expect(errorFields(error)).toEqual({ code: 'throttled', ...details });
  });

  test('names an error of no code, and where it was thrown, never its message', () => {
    const fields = errorFields(new RangeError(SECRET));
    expect(fields).toMatchObject({ code: 'unexpected', error: 'RangeError' });
    const { frames } = fields;
    expect(frames).toMatch(/^at .*error-fields\.test\.ts:\d+:\d+/);
    expect(JSON.stringify(fields)).not.toContain(SECRET);
  });
});

describe('thrownFields', () => {
  test.each([
    ['a message that looks like frames', new Error(`x\n    at ${SECRET} (/a/b.js:1:1)`)],
    ['a message that was changed', Object.assign(new Error(SECRET), { message: 'other' })],
    ['a stack that is text', Object.assign(new Error('x'), { stack: SECRET })],
    ['a name that is text', Object.assign(new Error('x'), { name: `${SECRET} and more` })],
    ['a string', SECRET],
    ['an object', { message: SECRET, stack: SECRET, toString: (): string => SECRET }],
  ])('holds nothing of %s', (_, thrown) => {
    expect(JSON.stringify(thrownFields(thrown))).not.toContain(SECRET);
  });

  const hostile = {
    get: () => {
      throw new Error(SECRET);
    },
    getPrototypeOf: () => {
      throw new Error(SECRET);
    },
  };
  const throwing = new Error('x');
  for (const name of ['stack', 'message', 'name']) {
    Object.defineProperty(throwing, name, { get: hostile.get });
  }

  // In functions: the test runner itself reads what it is given.
  test.each<[string, () => unknown, string]>([
    ['null', () => null, 'null'],
    ['undefined', () => undefined, 'undefined'],
    ['a number', () => 7, 'number'],
    ['a symbol', () => Symbol('s'), 'symbol'],
    ['a proxy that throws', () => new Proxy({}, hostile), 'unreadable'],
    ['an error whose getters throw', () => throwing, 'unreadable'],
  ])('reads %s', (_, thrown, error) => {
    expect(thrownFields(thrown(), true)).toMatchObject({ error });
  });

  test('has the message, within bounds, if it is requested', () => {
    expect(thrownFields(new Error('short'), true)).toMatchObject({ errorMessage: 'short' });
    expect(thrownFields('text', true)).toMatchObject({ errorMessage: 'text' });
    const { errorMessage } = thrownFields(new Error('x'.repeat(10_000)), true);
    expect(errorMessage).toHaveLength(500);
  });
});
