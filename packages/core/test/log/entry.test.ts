import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { BackendError } from '../../src/errors.ts';
import { decodeEntry, type Entry, encodeEntry } from '../../src/log/entry.ts';
import { encode } from '../../src/log/record.ts';
import { anyEntry, anyJson } from '../fixtures/arbitraries.ts';
import { chunkOf, statusOf, WORKING } from '../fixtures/events.ts';

// Many schedules: a machine under load may take its time.
vi.setConfig({ testTimeout: 60_000 });

const reread = (entry: Entry): Entry => decodeEntry(JSON.parse(encodeEntry(entry)));

describe('the entry codec', () => {
  test('[I1] gives back every kind of entry as it was, to the byte', () => {
    fc.assert(
      fc.property(anyEntry, (entry) => {
        expect(reread(entry)).toEqual(entry);
      }),
      { numRuns: 400 },
    );
  });

  test('[I1] writes what it read in the same text: all readers see one form', () => {
    fc.assert(
      fc.property(anyEntry, (entry) => {
        const { text, entry: read } = encode(entry);
        expect(encodeEntry(read)).toBe(text);
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
    const raw = { $case: 'raw' as const, value: Buffer.from([0, 255, 128, 10]) };
    const parts = [{ content: raw, metadata: undefined, filename: '', mediaType: '' }];
    const entry: Entry = { kind: 'event', event: chunkOf('a', '', { artifact: { parts } }) };
    expect(reread(entry)).toEqual(entry);
  });

  const circular: { self?: unknown } = {};
  circular.self = circular;

  test.each<[string, object]>([
    ['a circle', circular],
    ['a bigint', { big: 1n }],
    [
      'an object that refuses',
      {
        toJSON: () => {
          throw new Error('no');
        },
      },
    ],
  ])('refuses %s with a code', (_, metadata) => {
    const entry: Entry = { kind: 'event', event: statusOf(WORKING, undefined, { ...metadata }) };
    expect(() => encode(entry)).toThrowError(expect.objectContaining({ code: 'invalid-event' }));
  });

  test('refuses with a code, or takes, whatever an executor passes for an event', () => {
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
