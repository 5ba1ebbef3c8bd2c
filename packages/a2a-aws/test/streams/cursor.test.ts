import { asGeneration } from '@a2a-aws/core/internal';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Cursors } from '../../src/streams/cursor.ts';
import type { StreamPosition } from '../../src/streams/stream-position.ts';

const KEY = { tenant: '', owner: 'ann', taskId: 'task-1' };

const runs = fc.oneof(fc.uuid(), fc.stringMatching(/^[\w-]{1,40}$/));
const senders = fc.record({
  run: runs,
  phase: fc.constantFrom('waiting', 'told', 'answered', 'complete'),
  state: fc.integer({ min: 0, max: 8 }),
});
const anyPosition: fc.Arbitrary<StreamPosition> = fc.record({
  slot: fc.record({
    generation: fc.integer({ min: 1, max: 999_999_999_999 }).map(asGeneration),
    part: fc.nat(999_999),
  }),
  events: fc.nat(100_000),
  frames: fc.nat(100_000),
  writtenAtMs: fc.option(fc.integer({ min: 0, max: 8_640_000_000_000 }), { nil: undefined }),
  sender: fc.option(senders, { nil: undefined }) as fc.Arbitrary<StreamPosition['sender']>,
});
/** A sender that waits for its first frame has no event. */
const positions = anyPosition.map((position) =>
  position.sender?.phase === 'waiting' ? { ...position, events: 0, frames: 0 } : position,
);

/** The reason in the error of a refused cursor. */
function refusal(text: string, key = KEY): unknown {
  try {
    return new Cursors(key).decode(text);
  } catch (error) {
    return (error as { readonly metadata?: unknown }).metadata;
  }
}

describe('a cursor', () => {
  test('[I3] brings every position back, in at most 128 characters that a header takes', () => {
    fc.assert(
      fc.property(positions, (position) => {
        const cursors = new Cursors(KEY);
        const text = cursors.encode(position);
        expect(text).toMatch(/^[\w.~-]{1,128}$/);
        expect(cursors.decode(text)).toEqual(position);
      }),
    );
  });

  test('[I9] is refused for a task of another tenant, owner or id', () => {
    fc.assert(
      fc.property(positions, fc.string({ minLength: 1 }), (position, other) => {
        const text = new Cursors(KEY).encode(position);
        for (const field of ['tenant', 'owner', 'taskId'] as const) {
          const key = { ...KEY, [field]: `${KEY[field]}${other}` };
          expect(refusal(text, key)).toEqual({ cursor: 'other-task' });
        }
      }),
    );
  });

  test('is refused if its sender waits for a first frame but has an event', () => {
    const sender = { run: 'run-1', phase: 'waiting', state: 0 } as const;
    const slot = { generation: asGeneration(1), part: 0 };
    const text = new Cursors(KEY).encode({ slot, events: 0, frames: 1, sender });
    expect(refusal(text)).toEqual({ cursor: 'malformed' });
  });

  test('is refused in any other form, and never throws another error', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: 'binary', maxLength: 5_000 })),
        (text) => {
          expect(refusal(text)).toEqual({ cursor: 'malformed' });
        },
      ),
    );
    const text = new Cursors(KEY).encode({
      slot: { generation: asGeneration(7), part: 0 },
      events: 1,
      frames: 0,
    });
    for (const changed of [`${text}.`, ` ${text}`, `2${text.slice(1)}`, '']) {
      expect(refusal(changed)).toEqual({ cursor: 'malformed' });
    }
  });
});
