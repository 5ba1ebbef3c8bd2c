import { expect, test } from 'vitest';
import { flush, TestClock } from '../../src/fakes/test-clock.ts';

test('a delay of zero ends without an advance, other delays do not', async () => {
  const clock = new TestClock();
  const ran: string[] = [];
  clock.after(0, () => ran.push('at once'));
  clock.after(1, () => ran.push('later'));
  await flush();
  expect(ran).toEqual(['at once']);
  await clock.advance(1);
  expect(ran).toEqual(['at once', 'later']);
});

test('a cancelled delay of zero does not end, and flush does not wait for it', async () => {
  const clock = new TestClock();
  const ran: string[] = [];
  clock.after(0, () => ran.push('cancelled'))();
  await flush();
  await clock.advance(10);
  expect(ran).toEqual([]);
});

test('work without a delay finishes before the next timer', async () => {
  const clock = new TestClock();
  const ran: string[] = [];
  const yieldTwice = (): void => {
    clock.after(0, () => clock.after(0, () => ran.push('work of the first')));
  };
  clock.after(1, yieldTwice);
  clock.after(1, () => ran.push('second'));
  await clock.advance(1);
  expect(ran).toEqual(['work of the first', 'second']);
});

test('advances until a condition holds, or rejects', async () => {
  const clock = new TestClock(0);
  let isDone = false;
  clock.after(1_200, () => {
    isDone = true;
  });
  await clock.advanceUntil(() => isDone, 5_000);
  expect(clock.now()).toBe(1_500);
  await expect(clock.advanceUntil(() => false, 1_000)).rejects.toThrow('Not within 1000');
});
