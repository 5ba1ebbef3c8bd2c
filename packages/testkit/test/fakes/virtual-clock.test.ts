import { sleep } from '@a2a-aws/core/internal';
import { expect, test } from 'vitest';
import { VirtualClock } from '../../src/fakes/index.ts';

test('runs timers in the order of their times, then of their setting', async () => {
  const clock = new VirtualClock();
  const ran: string[] = [];
  for (const [name, ms] of [
    ['c', 30],
    ['a', 10],
    ['b1', 20],
    ['b2', 20],
    ['zero', 0],
  ] as const) {
    clock.after(ms, () => ran.push(name));
  }
  await clock.advance(20);
  expect(ran).toEqual(['zero', 'a', 'b1', 'b2']);
  await clock.advance(10);
  expect(ran).toEqual(['zero', 'a', 'b1', 'b2', 'c']);
});

test('lets promises run to their end between two timers', async () => {
  const clock = new VirtualClock();
  const ran: string[] = [];
  clock.after(10, () => {
    ran.push('timer');
    void Promise.resolve()
      .then(() => Promise.resolve())
      .then(() => ran.push('promise'));
  });
  clock.after(10, () => ran.push('next timer'));
  await clock.advance(10);
  expect(ran).toEqual(['timer', 'promise', 'next timer']);
});

test('drops cancelled timers', async () => {
  const clock = new VirtualClock();
  let ran = false;
  const cancel = clock.after(10, () => {
    ran = true;
  });
  cancel();
  await clock.advance(20);
  expect(ran).toBe(false);
});

test('runs work to its end, in as much time as it takes', async () => {
  const clock = new VirtualClock();
  const began = clock.now();
  const work = sleep(clock, 5_000).then(() => 'done');
  expect(await clock.run(work)).toBe('done');
  expect(clock.now()).toBe(began + 5_000);
  await expect(clock.run(new Promise(() => {}), 100)).rejects.toThrow('Not done');
});

test('counts the timers that are set, and knows the next one', async () => {
  const clock = new VirtualClock();
  expect([clock.pending, clock.nextMs]).toEqual([0, undefined]);
  const cancel = clock.after(5, () => {});
  clock.after(20, () => {});
  expect([clock.pending, clock.nextMs]).toEqual([2, 5]);
  cancel();
  expect([clock.pending, clock.nextMs]).toEqual([1, 20]);
  await clock.advance(7);
  expect(clock.nextMs).toBe(13);
  await clock.advance(13);
  expect([clock.pending, clock.nextMs]).toEqual([0, undefined]);
});
