import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { AwsCalls, withCalls } from '../../src/options/aws-calls.ts';

/** A client that never answers, and rejects when a call is aborted. */
class SilentClient {
  destroyed = 0;

  send(_command: string, options: { abortSignal?: AbortSignal } = {}): Promise<never> {
    return new Promise((_resolve, reject) => {
      options.abortSignal?.addEventListener('abort', () => reject(new Error('aborted')));
      if (options.abortSignal?.aborted) reject(new Error('aborted'));
    });
  }

  destroy(): void {
    this.destroyed += 1;
  }
}

test('[I7] calls in flight end with the backend, with given clients as with its own', async () => {
  const calls = new AwsCalls();
  const [given, own] = [new SilentClient(), new SilentClient()];
  const sent = [calls.through(given, false).send('a'), calls.through(own, true).send('b')];

  calls.close();

  for (const call of sent) await expect(call).rejects.toThrow('aborted');
  expect([given.destroyed, own.destroyed]).toEqual([0, 1]);
});

test('a call ends with the signal that it was given, before or after', async () => {
  const client = new AwsCalls().through(new SilentClient(), false);
  const closing = new AbortController();
  const sent = client.send('poll', { abortSignal: closing.signal });
  closing.abort();
  await expect(sent).rejects.toThrow('aborted');
  await expect(client.send('poll', { abortSignal: closing.signal })).rejects.toThrow('aborted');
});

test('a call with a signal of its own ends with the backend, too', async () => {
  const calls = new AwsCalls();
  const client = calls.through(new SilentClient(), false);
  const sent = client.send('poll', { abortSignal: new AbortController().signal });
  calls.abort();
  await expect(sent).rejects.toThrow('aborted');
});

test('an answered call leaves no listener', async () => {
  const given = new AbortController().signal;
  const client = new AwsCalls().through(
    { send: async (_command: string, _options: object) => 'answer' },
    false,
  );
  expect(await client.send('poll', { abortSignal: given })).toBe('answer');
  expect(getEventListeners(given, 'abort')).toEqual([]);
});

test('a suspended backend continues with its clients', async () => {
  const calls = new AwsCalls();
  const own = new SilentClient();
  const client = calls.through(own, true);
  const before = client.send('a');
  calls.abort();
  await expect(before).rejects.toThrow('aborted');
  expect(own.destroyed).toBe(0);
  const after = client.send('b');
  calls.abort();
  await expect(after).rejects.toThrow('aborted');
});

test('[I7] a job leaves no client behind, also when it fails', async () => {
  const own = new SilentClient();
  const job = withCalls(async (calls) => {
    calls.through(own, true);
    throw new Error('It failed.');
  });
  await expect(job).rejects.toThrow('It failed.');
  expect(own.destroyed).toBe(1);
});
