import type { StreamResponse } from '@a2a-js/sdk';
import { describe, expect, test, vi } from 'vitest';
import { memoryStore, ResumeError } from '../src/index.ts';
import { DONE, LOST, REFUSED, read, request, SECOND } from './fixtures/reading.ts';
import { artifact, EXTENSION, gap, type Part, status, task } from './fixtures/scripted-client.ts';

describe('a stream of a server with cursors', () => {
  test('asks for the extension, beside those of the caller', async () => {
    const call = { serviceParameters: { 'a2a-extensions': 'urn:a', 'X-Trace': '1' } };
    const { client } = await read({ streams: [[task(1), SECOND]], call });
    expect(client.calls[0]?.extensions?.split(',')).toEqual([EXTENSION, 'urn:a']);
  });

  test('resumes at the cursor of the last event', async () => {
    const { client, words } = await read({
      streams: [[task(1), LOST], [artifact(2), LOST], [LOST], [DONE]],
    });
    expect(words).toEqual(['task1', 'artifactUpdate2', 'statusUpdate3']);
    expect(client.methods).toEqual(['send', 'subscribe c1', 'subscribe c2', 'subscribe c2']);
    expect(client.calls.map(({ id }) => id).slice(1)).toEqual(['t', 't', 't']);
  });

  test('sends the same message again before its first event', async () => {
    const { client, words } = await read({ streams: [[LOST], [LOST], [task(1), SECOND]] });
    expect(words).toEqual(['task1', 'statusUpdate2']);
    const [first, second, third] = client.calls;
    expect(first).toMatchObject({ method: 'send', id: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect([second, third]).toEqual([first, first]);
  });

  test('drops events that come again', async () => {
    const { words } = await read({
      streams: [
        [task(1), artifact(2), artifact(2), LOST],
        [artifact(1), artifact(2), artifact(2, 'other'), DONE],
      ],
    });
    expect(words).toEqual(['task1', 'artifactUpdate2', 'artifactUpdate2', 'statusUpdate3']);
  });

  test('subscribes again if events are missing without a gap frame', async () => {
    const { client, words, interruptions } = await read({
      streams: [
        [task(1), status(3)],
        [artifact(2), DONE],
      ],
    });
    expect(words).toEqual(['task1', 'artifactUpdate2', 'statusUpdate3']);
    expect(client.methods).toEqual(['send', 'subscribe c1']);
    expect(interruptions[0]?.error).toMatchObject({ message: 'The event 2 is missing.' });
  });

  test('gives up if events stay missing', async () => {
    const { words, error } = await read({
      streams: [[task(1), status(4)], [status(4)], [status(4)]],
      maxAttempts: 3,
    });
    expect(words).toEqual(['task1']);
    expect(error).toBeInstanceOf(ResumeError);
    expect(error).toMatchObject({ taskId: 't', cursor: 'c1', attempts: 3 });
  });

  test('marks the Task after a gap frame, once', async () => {
    const { words } = await read({
      streams: [
        [task(1), LOST],
        [gap(2, 5), LOST],
        [gap(2, 6), task(6), status(7, 'COMPLETED')],
      ],
    });
    expect(words).toEqual(['task1', 'task6 gap 2-6', 'statusUpdate7']);
  });

  test('hides no event of an agent with the key of a gap', async () => {
    const withGap = (event: StreamResponse, value: unknown): StreamResponse => {
      Object.assign(event.payload?.value.metadata ?? {}, { [`${EXTENSION}/gap`]: value });
      return event;
    };
    const told = { from: 1, to: 2 };
    const { words } = await read({
      streams: [
        [withGap(task(1), told), withGap(status(2), told), withGap(status(3, 'COMPLETED'), {})],
      ],
    });
    expect(words.map((word) => word.split(' ')[0])).toEqual([
      'task1',
      'statusUpdate2',
      'statusUpdate3',
    ]);
    const plain = withGap(status(), { from: 'x' });
    const other = await read({ streams: [[task(), plain, status(undefined, 'COMPLETED')]] });
    expect(other.words).toHaveLength(3);
  });

  test('marks only a Task with a gap', async () => {
    const { words } = await read({
      streams: [
        [task(1), LOST],
        [gap(2, 4), artifact(5), LOST],
        [gap(2, 5), task(5), status(6, 'COMPLETED')],
      ],
    });
    expect(words).toEqual(['task1', 'task5 gap 2-5', 'statusUpdate6']);
  });

  test('subscribes without a cursor that was refused, and marks the Task', async () => {
    const { client, words } = await read({
      streams: [[task(1), artifact(2), LOST], [REFUSED], [task(2), LOST], [DONE]],
    });
    expect(words).toEqual(['task1', 'artifactUpdate2', 'task2 gap ?-?', 'statusUpdate3']);
    expect(client.methods).toEqual(['send', 'subscribe c2', 'subscribe', 'subscribe c2']);
  });

  test('marks the Task of a server that ignores the cursor, unless nothing is missing', async () => {
    const { words } = await read({
      streams: [
        [task(1), LOST],
        [task(1), artifact(2), LOST],
        [task(5), status(6, 'COMPLETED')],
      ],
    });
    expect(words).toEqual(['task1', 'artifactUpdate2', 'task5 gap 3-5', 'statusUpdate6']);
  });

  test('ends with the Task of a server that ignores the cursor, if only its state is new', async () => {
    const { client, words, error } = await read({
      streams: [[task(1), artifact(2), LOST], [task(2, 'COMPLETED')]],
    });
    expect({ words, error }).toEqual({
      words: ['task1', 'artifactUpdate2', 'task2 gap ?-?'],
      error: undefined,
    });
    expect(client.methods).toEqual(['send', 'subscribe c2']);
  });

  test('is never complete by an end without an error while the task goes on', async () => {
    const { client, words, waits, error } = await read({
      streams: [[task(1)], [], [], [], [], [], [status(2)], [DONE]],
      backoff: { firstMs: 1 },
    });
    expect({ words, error }).toEqual({
      words: ['task1', 'statusUpdate2', 'statusUpdate3'],
      error: undefined,
    });
    expect(client.methods).toHaveLength(8);
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 1]);
  });

  test('fails after too many empty answers, and continues with its store', async () => {
    const store = memoryStore();
    const sent = request();
    const empty: readonly Part[][] = [[task(1)], [], [], []];
    const { error } = await read({ streams: empty, store, sent, maxAttempts: 4 });
    expect(error).toMatchObject({ name: 'ResumeError', taskId: 't', cursor: 'c1', attempts: 4 });
    const more = await read({ streams: [[SECOND]], store, sent });
    expect(more).toMatchObject({ words: ['statusUpdate2'], error: undefined });
  });

  test.each([
    ['the event that the client has', task(1)],
    ['a gap frame alone', gap(2, 3)],
    ['an event with missing ones before it', status(4)],
  ])('waits between tries that bring %s, and gives up', async (_, part) => {
    const streams = [[task(1)], ...Array.from({ length: 9 }, () => [part])];
    const { client, waits, error } = await read({ streams, maxAttempts: 4 });
    expect(error).toMatchObject({ name: 'ResumeError', attempts: 4 });
    expect(client.calls).toHaveLength(4);
    expect(waits).toHaveLength(3);
  });

  test('of a subscriber waits for the answer if it is cut after a question', async () => {
    const asks = status(2, 'INPUT_REQUIRED');
    const { client, words } = await read({
      streams: [[task(1), asks, LOST], [DONE]],
      subscribes: true,
    });
    expect(client.methods).toEqual(['subscribe', 'subscribe c2']);
    expect(words).toEqual(['task1', 'statusUpdate2', 'statusUpdate3']);
  });

  test.each([
    ['a task that waits for credentials, of a sender', status(2, 'AUTH_REQUIRED'), false],
    ['a task that waits for credentials, of a subscriber', status(2, 'AUTH_REQUIRED'), true],
  ])('is not complete with %s', async (_, waiting, subscribes) => {
    const { words } = await read({ streams: [[task(1), waiting], [DONE]], subscribes });
    expect(words).toEqual(['task1', 'statusUpdate2', 'statusUpdate3']);
  });

  test('goes on after a whole Task that waits for credentials', async () => {
    const { words } = await read({
      streams: [[task(1), LOST], [REFUSED], [task(2, 'AUTH_REQUIRED'), DONE]],
      subscribes: true,
    });
    expect(words).toEqual(['task1', 'task2 gap ?-?', 'statusUpdate3']);
  });

  test('of a subscriber of a task that already waits is not ended by a proxy', async () => {
    const { words } = await read({
      streams: [[task(1, 'INPUT_REQUIRED')], [], [status(2), status(3, 'INPUT_REQUIRED')]],
      subscribes: true,
    });
    expect(words).toEqual(['task1', 'statusUpdate2', 'statusUpdate3']);
  });

  test('of a subscriber that was cut off after a question is not ended by a proxy', async () => {
    const { words } = await read({
      streams: [[task(1), status(2, 'INPUT_REQUIRED'), LOST], [], [DONE]],
      subscribes: true,
    });
    expect(words).toEqual(['task1', 'statusUpdate2', 'statusUpdate3']);
  });

  test('does not end a subscription while the task goes on', async () => {
    const { client, waits } = await read({ streams: [[task(1)], [], [SECOND]], subscribes: true });
    expect(client.methods).toEqual(['subscribe', 'subscribe c1', 'subscribe c1']);
    expect(waits).toHaveLength(2);
  });

  test('is resumed on another connection after a silence, which is no failure', async () => {
    const silent: readonly Part[] = ['waits'];
    const { client, words, interruptions } = await read({
      streams: [[task(1), 'waits'], silent, silent, silent, [SECOND]],
      silenceMs: 5,
      maxAttempts: 1,
    });
    expect(words).toEqual(['task1', 'statusUpdate2']);
    expect(client.methods).toEqual(['send', ...Array.from({ length: 4 }, () => 'subscribe c1')]);
    expect(interruptions).toEqual([]);
  });

  test('may be silent forever without a cursor, or if its caller says so', async () => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    await read({ streams: [[task(), status(undefined, 'COMPLETED')]] });
    for (const silenceMs of [0, Number.POSITIVE_INFINITY, 2 ** 31]) {
      await read({ streams: [[task(1), SECOND]], silenceMs });
    }
    expect(timers).not.toHaveBeenCalled();
    await read({ streams: [[task(1), SECOND]] });
    // Before the second event, and before the end.
    expect(timers.mock.calls.map(([, ms]) => ms)).toEqual([120_000, 120_000]);
    timers.mockRestore();
  });

  test('takes nothing on trust', async () => {
    const odd = [null, 1, 'x', [], { from: 'a', to: -1 }, { from: 1.5, to: 2 ** 60 }];
    for (const value of odd) {
      const event = status();
      if (event.payload) {
        event.payload.value.metadata = {
          [`${EXTENSION}/cursor`]: value,
          [`${EXTENSION}/generation`]: value,
        };
      }
      const { words, client } = await read({
        streams: [[task(), event, LOST], [status(undefined, 'COMPLETED')]],
      });
      expect(words, JSON.stringify(value)).toHaveLength(3);
      const { cursor = '' } = client.calls[1] ?? {};
      expect(cursor === '' || cursor === 'x').toBe(true);
    }
    const injected = status(2);
    if (injected.payload) {
      injected.payload.value.metadata = { [`${EXTENSION}/cursor`]: 'x\r\nAuthorization: y' };
    }
    const { client } = await read({ streams: [[task(1), injected, LOST], [SECOND]] });
    expect(client.methods[1]).toBe('subscribe c1');
  });
});
