import {
  BackendError,
  type Fanout,
  type LogFields,
  MemoryFanout,
  systemClock,
} from '@a2a-aws/core';
import { loggerOf } from '@a2a-aws/core/internal';
import { TaskNotFoundError } from '@a2a-js/sdk/errors';
import { expect, test, vi } from 'vitest';
import { guarded, guardedFanout, UserCodeError } from '../../src/user-code/guarded.ts';
import { type OnError, UserErrors } from '../../src/user-code/user-error-reports.ts';

const thrown = new Error('x');
const fails = (error: unknown) => (): never => {
  throw error;
};

test('names the source of a thrown error or a rejection', async () => {
  const inTime = guarded('ownerResolver', fails(thrown));
  expect(inTime).toThrow(UserCodeError);
  const late = guarded('pushStore', () => Promise.reject(thrown));
  await expect(late()).rejects.toMatchObject({ source: 'pushStore', thrown });
});

test('tags the rejection of another library’s promise', async () => {
  // biome-ignore lint/suspicious/noThenProperty: such a promise is what is tested.
  const thenable = { then: (_: unknown, reject: (error: unknown) => void) => reject(thrown) };
  const late = guarded('pushSender', () => thenable as unknown as Promise<void>);
  await expect(late()).rejects.toMatchObject({ source: 'pushSender', thrown });
  // biome-ignore lint/suspicious/noThenProperty: such a promise is what is tested.
  const done = { then: (resolve: (value: number) => void) => resolve(1) };
  expect(await guarded('pushStore', () => done as unknown as Promise<number>)()).toBe(1);
});

test('passes results, A2A errors and coded errors as they are', async () => {
  expect(guarded('ownerResolver', () => 'ann')()).toBe('ann');
  expect(await guarded('pushStore', async () => 1)()).toBe(1);
  for (const error of [new TaskNotFoundError(), new BackendError('unreachable', 'x')]) {
    expect(guarded('ownerResolver', fails(error))).toThrow(error);
  }
});

test('a fan-out that throws loses its doorbells, and is logged once for each outage', async () => {
  const lines: (LogFields & { event: string })[] = [];
  const logger = loggerOf((level, event, fields) => lines.push({ level, event, ...fields }));
  const onError = vi.fn<OnError>();
  const errors = new UserErrors({ onError, logErrorMessages: false }, logger);
  class Broken extends MemoryFanout {
    error: unknown = thrown;
    isBroken = true;
    override publish(targets: readonly string[], message: string): Promise<boolean> {
      if (this.isBroken) throw this.error;
      return super.publish(targets, message);
    }
    override check(): Promise<void> {
      return Promise.reject(this.error);
    }
  }
  const broken = new Broken(new Map());
  const fanout: Fanout = guardedFanout(broken, errors, { clock: systemClock, logger });
  await fanout.publish(['a'], 'x');
  await fanout.publish(['a'], 'x');
  broken.isBroken = false;
  await fanout.publish(['a'], 'x');
  expect(lines).toEqual([
    expect.objectContaining({ level: 'error', event: 'fanout.publish-failed', source: 'fanout' }),
    expect.objectContaining({ level: 'info', event: 'fanout.publish-recovered', failures: 2 }),
  ]);
  // Even a value that throws when it is read.
  broken.error = new Proxy({}, { getPrototypeOf: fails(thrown), get: fails(thrown) });
  broken.isBroken = true;
  expect(await fanout.publish(['a'], 'x')).toBe(false);
  broken.error = thrown;
  onError.mock.calls.pop();
  await expect(fanout.check()).rejects.toBe(thrown);
  expect(onError.mock.calls).toEqual(Array(3).fill([thrown, { source: 'fanout' }]));
  expect(fanout.stats()).toEqual(broken.stats());
});
