import { describe, expect, test } from 'vitest';
import { resumable } from '../src/index.ts';
import { ENDED, LOST, read, request, stored } from './fixtures/reading.ts';
import { artifact, message, ScriptedClient, status, task } from './fixtures/scripted-client.ts';

describe('a stream of a server without cursors', () => {
  test('begins with the Task after an interruption, and marks it', async () => {
    const { client, words } = await read({
      streams: [
        [task(), artifact(), LOST],
        [task(), status(undefined, 'COMPLETED')],
      ],
    });
    expect(words).toEqual(['task', 'artifactUpdate', 'task gap ?-?', 'statusUpdate']);
    expect(client.methods).toEqual(['send', 'subscribe']);
  });

  test('reads a task that has ended meanwhile', async () => {
    const { client, words } = await read({
      streams: [[task(), LOST], [ENDED]],
      task: stored('FAILED'),
    });
    expect(words).toEqual(['task', 'task gap ?-?']);
    expect(client.methods).toEqual(['send', 'subscribe', 'get']);
  });

  test('is interrupted if it ends while the task goes on', async () => {
    const { words, client } = await read({
      streams: [[task(), artifact()], [ENDED]],
      task: stored('COMPLETED'),
    });
    expect(words).toEqual(['task', 'artifactUpdate', 'task gap ?-?']);
    expect(client.methods).toEqual(['send', 'subscribe', 'get']);
  });

  test.each([
    ['the end of the task', [task(), status(undefined, 'REJECTED')]],
    ['a question', [task(), status(undefined, 'INPUT_REQUIRED')]],
    ['a Message', [message()]],
    ['a question, then an error', [task(), status(undefined, 'INPUT_REQUIRED'), LOST]],
    ['the end of the task, then an error', [task(), status(undefined, 'COMPLETED'), LOST]],
  ])('is complete with %s', async (_, stream) => {
    const { client, error } = await read({ streams: [stream] });
    expect(error).toBeUndefined();
    expect(client.methods).toEqual(['send']);
  });

  test('of a sender ends with a Task that waits for its client', async () => {
    const { client, words } = await read({
      streams: [
        [task(), LOST],
        [task(undefined, 'INPUT_REQUIRED'), 'waits'],
      ],
    });
    expect(words).toEqual(['task', 'task gap ?-?']);
    expect(client.methods).toEqual(['send', 'subscribe']);
  });

  test('goes on after a whole Task that waits for credentials', async () => {
    const { words } = await read({
      streams: [
        [task(), LOST],
        [task(undefined, 'AUTH_REQUIRED'), status(), status(undefined, 'COMPLETED')],
      ],
    });
    expect(words).toEqual(['task', 'task gap ?-?', 'statusUpdate', 'statusUpdate']);
  });

  test('of a subscriber goes on if the task waited for its client before', async () => {
    const waiting = task(undefined, 'INPUT_REQUIRED');
    const { words } = await read({
      streams: [
        [waiting, LOST],
        [waiting, status(), LOST],
        [waiting, 'waits'],
      ],
      subscribes: true,
    });
    expect(words).toEqual(['task', 'task gap ?-?', 'statusUpdate', 'task gap ?-?']);
  });

  test('fails if the agent does not stream', async () => {
    const { error } = await read({ streams: [[task(), LOST], [ENDED]], task: stored('WORKING') });
    expect(error).toBe(ENDED);
    const begun = await read({ streams: [[ENDED]] });
    expect(begun.error).toBe(ENDED);
  });

  test('tries GetTask again after a failure', async () => {
    const client = new ScriptedClient([[task(), LOST], [ENDED]], LOST);
    const agent = resumable(client, { sleep: async () => {}, maxAttempts: 4 });
    const events = agent.sendMessageStream(request());
    await events.next();
    const error = await events.next().catch((one: unknown) => one);
    expect(error).toMatchObject({ name: 'ResumeError', attempts: 4, cause: LOST });
    expect(client.methods).toEqual(['send', 'subscribe', 'get', 'get', 'get']);
  });

  test('gives up if the Task never changes', async () => {
    const streams = Array.from({ length: 9 }, () => [task(), LOST]);
    const { client, error } = await read({ streams, maxAttempts: 4 });
    expect(error).toMatchObject({ name: 'ResumeError', taskId: 't', cursor: undefined });
    // The first Task and the first in its place are new.
    expect(client.calls.length).toBeLessThanOrEqual(6);
  });
});
