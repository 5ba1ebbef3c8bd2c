import { TestClock } from '@a2a-aws/testkit/fakes';
import { expect, test } from 'vitest';
import { BackendError } from '../../src/errors.ts';
import { RetriedStep } from '../../src/logging/retried-step.ts';
import { type LogFields, loggerOf, withFields } from '../../src/ports/logger.ts';

function rig() {
  const lines: [string, LogFields | undefined][] = [];
  const clock = new TestClock();
  const base = loggerOf((_, event, fields) => lines.push([event, fields]));
  const step = (n: number): RetriedStep =>
    new RetriedStep('log.append-retried', { clock, logger: withFields(base, { n }) });
  return { lines, clock, step };
}

const down = new BackendError('unreachable', 'No answer.');
const throttled = new BackendError('throttled', 'Too much.');

test('an outage is one line at its start and one at its end, however many steps fail', async () => {
  const { lines, clock, step } = rig();
  const steps = Array.from({ length: 2_000 }, (_, n) => step(n));
  for (let round = 0; round < 20; round += 1) {
    for (const one of steps) one.failed(down);
    await clock.advance(1_000);
  }
  for (const one of steps) one.succeeded();
  expect(lines).toEqual([
    ['log.append-retried', { n: 0, code: 'unreachable' }],
    ['log.append-recovered', { n: 1_999, durationMs: 20_000, failures: 40_000 }],
  ]);
});

test('another cause is another line, at most every ten seconds', async () => {
  const { lines, clock, step } = rig();
  const one = step(1);
  one.failed(down);
  one.failed(throttled);
  await clock.advance(10_000);
  one.failed(throttled);
  one.failed(down);
  expect(lines.map(([, { code } = {}]) => code)).toEqual(['unreachable', 'throttled']);
});

test('short failures are not logged one by one', async () => {
  const { lines, clock, step } = rig();
  for (let n = 0; n < 100; n += 1) {
    const one = step(n);
    one.failed(down);
    one.succeeded();
    await clock.advance(50);
  }
  expect(lines).toHaveLength(2);
});

test('an outage that begins in the quiet time is logged if it lasts', async () => {
  const { lines, clock, step } = rig();
  const one = step(1);
  one.failed(down);
  one.succeeded();
  one.failed(down);
  await clock.advance(10_000);
  one.failed(down);
  one.succeeded();
  expect(lines.map(([event]) => event)).toEqual([
    'log.append-retried',
    'log.append-recovered',
    'log.append-retried',
    'log.append-recovered',
  ]);
});

test('a step that was given up, or forgotten, hides no later outage', async () => {
  const { lines, clock, step } = rig();
  const given = step(1);
  given.failed(down);
  given.gaveUp();
  step(2).failed(down);
  await clock.advance(121_000);
  const late = step(3);
  late.failed(down);
  late.succeeded();
  expect(lines.map(([event]) => event)).toEqual([
    'log.append-retried',
    'log.append-retried',
    'log.append-recovered',
  ]);
});
