import { TestClock } from '@a2a-aws/testkit/fakes';
import { expect, test } from 'vitest';
import { inSlices } from '../../src/log/pace.ts';
import type { Sliced } from '../../src/model/sliced.ts';

/** More than half of a slice, in bytes. */
const MOST = 100 * 1024;

function* working(steps: number, did: () => void): Sliced<void> {
  for (let step = 0; step < steps; step += 1) {
    did();
    yield MOST;
  }
}

/** The turn of the event loop in which each step was done, and the result was returned. */
async function turnsOf(steps: number): Promise<number[]> {
  let turn = 0;
  let isOver = false;
  const next = (): void => {
    turn += 1;
    if (!isOver) setImmediate(next);
  };
  setImmediate(next);
  const turns: number[] = [];
  await inSlices(
    working(steps, () => turns.push(turn)),
    new TestClock(),
  );
  isOver = true;
  return [...turns, turn];
}

test('[I6] long work is done in slices, and its result is returned in a turn of its own', async () => {
  expect(await turnsOf(3)).toEqual([0, 0, 1, 2]);
});

test('short work is done in one turn', async () => {
  expect(await turnsOf(1)).toEqual([0, 0]);
});
