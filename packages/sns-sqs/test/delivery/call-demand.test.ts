import { expect, test } from 'vitest';
import { CallDemand } from '../../src/delivery/call-demand.ts';

/** Returns the demand after a second with this many messages, of these tasks in turn. */
function demandOf(messages: number, tasks: readonly (string | undefined)[]): number {
  const demand = new CallDemand();
  for (let n = 0; n < messages; n += 1) {
    demand.count((n * 1_000) / messages, tasks[n % tasks.length]);
  }
  return demand.perSecond(999);
}

test('counts each message of many slow tasks', () => {
  const tasks = Array.from({ length: 50 }, (_, n) => `t${n}`);
  expect(demandOf(200, tasks)).toBe(200);
});

test('counts a fast task 50 times a second', () => {
  expect(demandOf(200, ['t'])).toBe(50);
  expect(demandOf(1_000, ['t'])).toBe(50);
});

test('counts two fast tasks twice as often', () => {
  expect(demandOf(1_000, ['t', 'u'])).toBe(100);
});

test('counts each message that is about no task', () => {
  expect(demandOf(200, [undefined])).toBe(200);
});

test('counts on when the clock is set back', () => {
  const demand = new CallDemand();
  demand.count(60_000, 't');
  demand.count(0, 't');
  demand.count(20, 't');
  expect(demand.perSecond(20)).toBe(2);
});

test('counts each message of a task that it cannot tell apart any more', () => {
  const demand = new CallDemand();
  for (let n = 0; n < 100; n += 1) demand.count(0, `t${n}`);
  for (let n = 0; n < 10; n += 1) demand.count(0, 't63');
  expect(demand.perSecond(0)).toBe(100);
  for (let n = 0; n < 10; n += 1) demand.count(0, 't64');
  expect(demand.perSecond(0)).toBe(110);
});
