import { describe, expect, test, vi } from 'vitest';
import type { Entry } from '../../src/model/entry.ts';
import { Fold } from '../../src/model/fold.ts';
import { chunkOf, INPUT_REQUIRED, message, statusOf, taskOf, WORKING } from '../fixtures/events.ts';
import { recordAt, start } from '../fixtures/records.ts';

// A machine under load may take its time.
vi.setConfig({ testTimeout: 60_000 });

type Turn = (n: number) => readonly Entry[];

const conversation: Turn = (n) => [
  start(`run-${n}`, { message: message(`m-${n}`) }),
  { kind: 'event', run: `run-${n}`, event: statusOf(INPUT_REQUIRED) },
  { kind: 'end', run: `run-${n}` },
];

const metadata = (n: number) => ({ kind: 'metadata', metadata: { [`key-${n}`]: n } }) as const;

/** A fold in which everything grows with each turn. */
const TURNS: readonly (readonly [string, Turn])[] = [
  ['messages and their runs', conversation],
  ['whole Tasks that an executor publishes', (n) => [...conversation(n), event(taskOf(WORKING))]],
  ['artifacts', (n) => [event(chunkOf(`artifact-${n}`, 'x')), event(taskOf(WORKING))]],
  ['chunks of one artifact', (n) => [event(chunkOf('a', `${n}`, { append: true }))]],
  ['keys of the metadata', (n) => [metadata(n)]],
  [
    'lost runs',
    (n) => [start(`run-${n}`, { instance: `i-${n}` }), { kind: 'fence', instance: `i-${n}` }],
  ],
];

function event(of: ReturnType<typeof taskOf>): Entry {
  return { kind: 'event', event: of };
}

/** Entries that maps and sets take, and elements that lists copy, while so many turns are folded. */
function operations(turn: Turn, turns: number): number {
  const fold = new Fold();
  fold.apply(recordAt(fold.state.next, [event(taskOf(WORKING))]));
  let count = 0;
  const restores = COUNTED.map(([prototype, name, cost]) => {
    const work = Reflect.get(prototype, name) as (...args: unknown[]) => unknown;
    Reflect.set(prototype, name, function (this: unknown[], ...args: unknown[]): unknown {
      count += cost(this);
      return work.apply(this, args);
    });
    return () => Reflect.set(prototype, name, work);
  });
  try {
    for (let n = 0; n < turns; n += 1) fold.apply(recordAt(fold.state.next, turn(n)));
  } finally {
    for (const restore of restores) restore();
  }
  return count;
}

/** The functions that copy, and how much one call copies. */
const COUNTED: readonly (readonly [object, string, (self: unknown[]) => number])[] = [
  [Map.prototype, 'set', () => 1],
  [Set.prototype, 'add', () => 1],
  [Array.prototype, 'slice', (self) => self.length],
  [Array.prototype, 'map', (self) => self.length],
  [Array.prototype, 'filter', (self) => self.length],
];

describe('the cost of folding a log that grows', () => {
  test.each(TURNS)('by %s is linear', (_, turn) => {
    const [some, more] = [operations(turn, 500), operations(turn, 2_000)];
    // Four times as much, and a little for the logarithm; a copy for each entry makes it sixteen.
    expect(more / some).toBeLessThan(6);
  });
});
