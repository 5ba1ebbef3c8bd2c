import { expect, test } from 'vitest';
import { CallLimit } from '../src/call-limit.ts';

const PLACES = 2;
/** So long that no test sees it end. */
const WAIT_MS = 3_600_000;

/** A client whose calls end when a test ends them. */
class HeldCalls {
  readonly started: string[] = [];
  readonly #ends = new Map<string, (error?: Error) => void>();

  readonly send = (command: unknown): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const name = String(command);
      this.started.push(name);
      this.#ends.set(name, (error) => (error ? reject(error) : resolve(`answer to ${name}`)));
    });

  end(name: string, error?: Error): void {
    this.#ends.get(name)?.(error);
  }
}

function limited(waitMs = WAIT_MS) {
  const held = new HeldCalls();
  return { held, limit: new CallLimit(held.send, PLACES, waitMs) };
}

test('calls beyond the limit wait, and start in order of arrival', async () => {
  const { held, limit } = limited();
  const answers = ['a', 'b', 'c', 'd'].map((name) => limit.send(name));
  expect(held.started).toEqual(['a', 'b']);
  held.end('b');
  expect(await answers[1]).toBe('answer to b');
  expect(held.started).toEqual(['a', 'b', 'c']);
  held.end('a');
  expect(await answers[0]).toBe('answer to a');
  expect(held.started).toEqual(['a', 'b', 'c', 'd']);
  for (const name of ['c', 'd']) held.end(name);
  expect(await Promise.all(answers)).toHaveLength(4);
});

test('a call that fails passes its place on', async () => {
  const { held, limit } = limited();
  const [first] = ['a', 'b', 'c'].map((name) => limit.send(name));
  held.end('a', new Error('It failed.'));
  await expect(first).rejects.toThrow('It failed.');
  expect(held.started).toEqual(['a', 'b', 'c']);
});

test('no place is lost while no call waits', async () => {
  const { held, limit } = limited();
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    const answer = limit.send(name);
    held.end(name);
    await answer;
  }
  void limit.send('f');
  void limit.send('g');
  void limit.send('h');
  expect(held.started).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
});

test('a waiting call that is aborted rejects at once and is never sent', async () => {
  const { held, limit } = limited();
  const leaver = new AbortController();
  const first = limit.send('a');
  void limit.send('b');
  const left = limit.send('c', { abortSignal: leaver.signal });
  void limit.send('d');
  leaver.abort();
  await expect(left).rejects.toMatchObject({ name: 'AbortError' });
  await expect(limit.send('e', { abortSignal: leaver.signal })).rejects.toMatchObject({
    name: 'AbortError',
  });
  held.end('a');
  await first;
  expect(held.started).toEqual(['a', 'b', 'd']);
});

test('a call that waits too long fails as one without an answer', async () => {
  const { held, limit } = limited(1);
  void limit.send('a');
  void limit.send('b');
  await expect(limit.send('c')).rejects.toMatchObject({ name: 'TimeoutError' });
  expect(held.started).toEqual(['a', 'b']);
});

test('a closed limit rejects the waiting calls', async () => {
  const { held, limit } = limited();
  void limit.send('a');
  void limit.send('b');
  const waiting = ['c', 'd'].map((name) => limit.send(name));
  limit.close();
  for (const call of waiting) await expect(call).rejects.toMatchObject({ name: 'AbortError' });
  expect(held.started).toEqual(['a', 'b']);
});
