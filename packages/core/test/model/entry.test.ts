import type { Part, Task } from '@a2a-js/sdk';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { BackendError } from '../../src/errors.ts';
import { decodeEntry, type Entry } from '../../src/model/entry.ts';
import { encode, MAX_ENTRY_BYTES, parseBody } from '../../src/model/record.ts';
import { anyEntry, anyJson } from '../fixtures/arbitraries.ts';
import { chunkOf, message, statusOf, taskOf, WORKING } from '../fixtures/events.ts';

// Many schedules: a machine under load may take its time.
vi.setConfig({ testTimeout: 60_000 });

const reread = (entry: Entry): Entry => encode(entry).entry;

const rawPart = (value: Buffer): Part => ({
  content: { $case: 'raw', value },
  metadata: undefined,
  filename: '',
  mediaType: '',
});

describe('the entry codec', () => {
  test('[I1] gives back every kind of entry as it was, to the byte', () => {
    fc.assert(
      fc.property(anyEntry, (entry) => {
        expect(reread(entry)).toEqual(entry);
      }),
      { numRuns: 400 },
    );
  });

  test('[I1] writes an entry in the same text that it read, so all readers get one form', () => {
    fc.assert(
      fc.property(anyEntry, (entry) => {
        const { text, entry: read } = encode(entry);
        expect(encode(read).text).toBe(text);
      }),
      { numRuns: 200 },
    );
  });

  test('keeps a key named __proto__ a key', () => {
    const metadata = JSON.parse('{"__proto__":{"polluted":true}}');
    const read = reread({ kind: 'event', event: statusOf(WORKING, undefined, metadata) });
    const got = read.kind === 'event' && read.event.kind === 'statusUpdate' && read.event.data;
    expect(JSON.stringify(got ? got.metadata : undefined)).toBe('{"__proto__":{"polluted":true}}');
    expect({}).not.toHaveProperty('polluted');
  });

  test('keeps raw bytes', () => {
    const parts = [rawPart(Buffer.from([0, 255, 128, 10]))];
    const entry: Entry = { kind: 'event', event: chunkOf('a', '', { artifact: { parts } }) };
    expect(reread(entry)).toEqual(entry);
  });

  const circular: { self?: unknown } = {};
  circular.self = circular;
  const nested = (levels: number): unknown => {
    let value: unknown = 'deepest';
    for (let n = 0; n < levels; n += 1) value = n % 2 === 0 ? { in: value } : [value];
    return value;
  };

  test.each<[string, unknown]>([
    ['a circle', circular],
    ['a bigint', 1n],
    ['NaN', Number.NaN],
    ['an infinity', Number.NEGATIVE_INFINITY],
    ['a Date', new Date(0)],
    ['a Map', new Map([['a', 1]])],
    ['a Set', new Set([1])],
    ['an error', new Error('no')],
    ['bytes', Buffer.from('a')],
    ['a boxed string', Object('text')],
    ['a function', () => {}],
    ['a symbol', Symbol('a')],
    ['undefined in an array', [1, undefined]],
    ['a hole in an array', new Array(2)],
    ['110 levels', nested(110)],
    ['10,000 levels', nested(10_000)],
    ['1,000,000 levels', nested(1_000_000)],
    [
      'an object that refuses',
      {
        toJSON: () => {
          throw new Error('no');
        },
      },
    ],
    ['an object that says something else', { a: 1, toJSON: () => 2 }],
  ])('[I1] refuses %s with a code, wherever it is', (_, value) => {
    const part = { metadata: undefined, filename: '', mediaType: '' };
    const data = { $case: 'data' as const, value };
    const invalid = expect.objectContaining({ code: 'invalid-event' });
    for (const event of [
      statusOf(WORKING, undefined, { value }),
      statusOf(WORKING, { ...message('m1'), metadata: { a: [{ value }] } }),
      taskOf(WORKING, { metadata: { value } }),
      chunkOf('a', '', { artifact: { parts: [{ ...part, content: data }] } }),
    ]) {
      expect(() => encode({ kind: 'event', event })).toThrowError(invalid);
    }
  });

  test.each<[string, Partial<Task>]>([
    ['a number for a text', { contextId: 5 as never }],
    ['null for metadata', { metadata: null as never }],
    ['a text for metadata', { metadata: 'text' as never }],
    ['numbers for extensions', { history: [{ ...message('m1'), extensions: [1 as never] }] }],
    ['null for a text', { history: [{ ...message('m1'), messageId: null as never }] }],
    ['nothing for bytes', { history: [{ ...message('m1'), parts: [rawPart(null as never)] }] }],
  ])('refuses %s with a code: it would be read as something else', (_, fields) => {
    const invalid = expect.objectContaining({ code: 'invalid-event' });
    const event = taskOf(WORKING, fields);
    expect(() => encode({ kind: 'event', event })).toThrowError(invalid);
  });

  test.each<[string, unknown, unknown]>([
    ['100 levels', nested(100), nested(100)],
    ['a property that is undefined for none', { a: 1, b: undefined }, { a: 1 }],
    [
      'an instance of a class for its fields',
      new (class {
        a = 1;
      })(),
      { a: 1 },
    ],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    ['negative zero for zero', [-0], [0]],
    ['null', null, null],
  ])('takes %s', (_, value, read) => {
    const entry = reread({ kind: 'event', event: statusOf(WORKING, undefined, { value }) });
    expect(entry).toMatchObject({ event: { data: { metadata: { value: read } } } });
  });

  test('refuses an entry that is too large, with a code', () => {
    const event = chunkOf('a', 'x'.repeat(MAX_ENTRY_BYTES));
    expect(() => encode({ kind: 'event', event })).toThrowError(
      expect.objectContaining({ code: 'event-too-large' }),
    );
  });

  test('reads no entry that nests deeper than those it writes', () => {
    const deep = `[{"k":"event","e":{"task":{"metadata":${'['.repeat(99_999)}${']'.repeat(99_999)}}}}]`;
    expect(() => parseBody(deep)).toThrowError(expect.objectContaining({ code: 'corrupt-log' }));
  });

  test('accepts anything that an executor passes as an event, or refuses it with a code', () => {
    const broken = fc.oneof(anyJson, fc.constant(undefined), fc.constant(1n), fc.func(anyJson));
    const event = fc.record({
      kind: fc.constantFrom('task', 'statusUpdate', 'artifactUpdate', 'other'),
      data: fc.oneof(
        broken,
        fc.record(
          {
            status: broken,
            history: broken,
            artifacts: broken,
            artifact: broken,
            metadata: broken,
          },
          { requiredKeys: [] },
        ),
      ),
    });
    fc.assert(
      fc.property(event, (value) => {
        try {
          encode({ kind: 'event', event: value as never });
        } catch (error) {
          expect(error).toBeInstanceOf(BackendError);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('reads no other shape than its own, and fails with a code', () => {
    const shaped = fc.record(
      { k: fc.constantFrom('event', 'start', 'end', 'x'), r: anyJson, e: anyJson, m: anyJson },
      { requiredKeys: ['k'] },
    );
    fc.assert(
      fc.property(fc.oneof(anyJson, shaped), (json) => {
        try {
          decodeEntry(json);
        } catch (error) {
          expect(error).toMatchObject({ code: 'corrupt-log' });
        }
      }),
      { numRuns: 500 },
    );
  });
});
