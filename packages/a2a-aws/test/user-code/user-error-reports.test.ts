import type { LogFields } from '@a2a-aws/core';
import { loggerOf } from '@a2a-aws/core/internal';
import { expect, test, vi } from 'vitest';
import { type OnError, UserErrors } from '../../src/user-code/user-error-reports.ts';

const SECRET = 'marker-in-an-error';
const SCOPE = { tenant: 'acme', owner: 'ann@example.com' };
const ABOUT = { source: 'executor', taskId: 't\n1', run: 'r1', scope: SCOPE } as const;

function rig(onError?: OnError, logErrorMessages = false) {
  const lines: (LogFields & { event: string })[] = [];
  const logger = loggerOf((level, event, fields) => lines.push({ level, event, ...fields }));
  return { lines, errors: new UserErrors({ onError, logErrorMessages }, logger) };
}

test('without a hook, name and frames are logged; the message only if that is wanted', () => {
  const quiet = rig();
  quiet.errors.report('run.executor-failed', new RangeError(SECRET), ABOUT);
  expect(quiet.lines).toEqual([
    {
      level: 'error',
      event: 'run.executor-failed',
      source: 'executor',
      taskId: 't_1',
      run: 'r1',
      owner: expect.stringMatching(/^[0-9a-f]{8}$/),
      error: 'RangeError',
      frames: expect.stringContaining('user-error-reports.test.ts'),
    },
  ]);
  expect(JSON.stringify(quiet.lines)).not.toMatch(/marker|ann|acme/);
  const loud = rig(undefined, true);
  loud.errors.report('run.executor-failed', new RangeError(SECRET), ABOUT);
  expect(loud.lines).toMatchObject([{ errorMessage: SECRET }]);
});

test('a hook gets the very error, and where it was caught', () => {
  const onError = vi.fn<OnError>();
  const { lines, errors } = rig(onError, true);
  const error = new Error(SECRET);
  errors.report('run.executor-failed', error, ABOUT);
  expect(onError.mock.calls).toEqual([[error, { source: 'executor', taskId: 't\n1', run: 'r1' }]]);
  expect(onError.mock.calls[0]?.[0]).toBe(error);
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toHaveProperty('frames');
  expect(JSON.stringify(lines)).not.toContain(SECRET);
});

test.each<[string, OnError]>([
  [
    'throws',
    () => {
      throw new TypeError('hook');
    },
  ],
  ['rejects', () => Promise.reject(new TypeError('hook'))],
])('a hook that %s harms nothing, and is logged', async (_, onError) => {
  const { lines, errors } = rig(onError);
  errors.report('run.executor-failed', new Error(SECRET), ABOUT);
  await expect
    .poll(() => lines.map(({ event }) => event).sort())
    .toEqual(['hook.failed', 'run.executor-failed']);
  expect(lines.find(({ event }) => event === 'hook.failed')).toMatchObject({ error: 'TypeError' });
});

const throwing = {
  get: () => {
    throw new Error(SECRET);
  },
  getPrototypeOf: () => {
    throw new Error(SECRET);
  },
};

// In functions: the test runner itself reads what it is given.
test.each<[string, () => unknown]>([
  ['null', () => null],
  ['undefined', () => undefined],
  ['a string', () => SECRET],
  ['a proxy', () => new Proxy({}, throwing)],
  ['a proxy of an error', () => new Proxy(new Error(SECRET), throwing)],
  ['an object with a getter', () => Object.defineProperty({}, 'stack', throwing)],
])('%s may be thrown', (_, thrown) => {
  const { lines, errors } = rig();
  errors.report('run.executor-failed', thrown(), ABOUT);
  expect(lines).toHaveLength(1);
  expect(JSON.stringify(lines)).not.toContain(SECRET);
});
