import { TaskNotFoundError } from '@a2a-js/sdk/errors';
import { describe, expect, test } from 'vitest';
import { memoryStore, ResumeError, resumable } from '../src/index.ts';
import { DONE, LOST, read, request, SECOND, wordOf } from './fixtures/reading.ts';
import { artifact, message, ScriptedClient, status, task } from './fixtures/scripted-client.ts';

describe('an error', () => {
  test('that no try changes is thrown at once', async () => {
    const gone = new TaskNotFoundError();
    const { error, client, waits } = await read({ streams: [[task(1), LOST], [gone]] });
    expect(error).toBe(gone);
    expect(client.calls).toHaveLength(2);
    expect(waits).toHaveLength(1);
  });

  test('is thrown after too many tries, with the place where the stream stopped', async () => {
    const { error, waits, interruptions } = await read({
      streams: [[task(1), artifact(2), LOST], [LOST], [LOST], [LOST]],
      maxAttempts: 4,
      backoff: { firstMs: 100, maxMs: 300 },
    });
    expect(error).toBeInstanceOf(ResumeError);
    expect(error).toMatchObject({ taskId: 't', cursor: 'c2', attempts: 4, cause: LOST });
    expect(waits).toEqual([100, 200, 300]);
    expect(interruptions.map(({ failures, delayMs }) => [failures, delayMs])).toEqual([
      [1, 100],
      [2, 200],
      [3, 300],
    ]);
  });

  test('counts from the start again after an event', async () => {
    const streams = [1, 2, 3, 4, 5].map((n) => [n === 1 ? task(1) : artifact(n), LOST]);
    const { waits, words } = await read({
      streams: [...streams, [status(6, 'COMPLETED')]],
      maxAttempts: 2,
      backoff: { firstMs: 1 },
    });
    expect(words).toHaveLength(6);
    expect(waits).toEqual([1, 1, 1, 1, 1]);
  });

  test('of a store ends the stream', async () => {
    const broken = new Error('The disk is full.');
    const store = { ...memoryStore(), set: () => Promise.reject(broken) };
    const { error, words } = await read({ streams: [[task(1), SECOND]], store });
    expect(error).toBe(broken);
    expect(words).toEqual(['task1']);
  });

  test('of the caller closes the connection', async () => {
    const client = new ScriptedClient([[task(1), SECOND]]);
    const fault = new Error('mine');
    const reading = async (): Promise<void> => {
      for await (const _ of resumable(client).sendMessageStream(request())) throw fault;
    };
    await expect(reading()).rejects.toBe(fault);
    expect(client.open).toBe(0);
  });
});

describe('a message id', () => {
  test('that is missing becomes a UUID', async () => {
    const { client } = await read({ streams: [[LOST], [message()]], sent: request('') });
    expect(client.calls[0]?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-/);
    expect(client.calls[1]?.id).toBe(client.calls[0]?.id);
  });

  test('that others may use is refused', () => {
    const client = new ScriptedClient([]);
    for (const id of ['1', 'msg-1', 'f47ac10b-58cc-4372-a567']) {
      expect(() => resumable(client).sendMessageStream(request(id))).toThrow(TypeError);
    }
    expect(client.calls).toEqual([]);
  });
});

describe('a caller that leaves', () => {
  test('closes the connection while it waits for an event', async () => {
    const client = new ScriptedClient([[task(1), 'waits']]);
    const events = resumable(client).sendMessageStream(request());
    await events.next();
    const next = events.next();
    await events.return();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(client.open).toBe(0);
  });

  test('ends a wait between two tries', async () => {
    const client = new ScriptedClient([[task(1), LOST]]);
    const events = resumable(client, { backoff: { firstMs: 2 ** 30, maxMs: 2 ** 30 } });
    const reading = events.sendMessageStream(request());
    await reading.next();
    const next = reading.next();
    await reading.return();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  test.each([
    ['during a stream', [[task(1), 'waits']]],
    ['during a wait', [[task(1), LOST]]],
  ] as const)('by its signal, %s, gets the reason', async (_, streams) => {
    const client = new ScriptedClient(streams);
    const leaving = new AbortController();
    let listeners = 0;
    const { signal } = leaving;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    const agent = resumable(client, { backoff: { firstMs: 2 ** 30, maxMs: 2 ** 30 } });
    const events = agent.sendMessageStream(request(), { signal });
    await events.next();
    const next = events.next();
    const reason = new Error('enough');
    setImmediate(() => leaving.abort(reason));
    await expect(next).rejects.toBe(reason);
    expect(client.open).toBe(0);
    expect(listeners).toBe(0);
  });

  test('before it begins makes no call', async () => {
    const client = new ScriptedClient([]);
    const signal = AbortSignal.abort(new Error('never'));
    const events = resumable(client).sendMessageStream(request(), { signal });
    await expect(events.next()).rejects.toThrow('never');
    expect(client.calls).toEqual([]);
    const left = resumable(client).sendMessageStream(request());
    await left.return();
    expect(await left.next()).toEqual({ done: true, value: undefined });
    expect(client.calls).toEqual([]);
  });
});

describe('a stream with a store', () => {
  test('continues after a restart with the event that was being handled', async () => {
    const store = memoryStore();
    const sent = request();
    const first = new ScriptedClient([[task(1), artifact(2), 'waits']]);
    const words: string[] = [];
    for await (const event of resumable(first, { store }).sendMessageStream(sent)) {
      words.push(wordOf(event));
      if (words.length === 2) break;
    }
    const second = await read({ streams: [[artifact(2), DONE]], store, sent });
    expect(second.client.methods).toEqual(['subscribe c1']);
    expect(second.words).toEqual(['artifactUpdate2', 'statusUpdate3']);
  });

  test('that has ended yields no event, and makes no call', async () => {
    const store = memoryStore();
    const sent = request();
    await read({ streams: [[task(1), SECOND]], store, sent });
    const again = await read({ streams: [], store, sent });
    expect(again).toMatchObject({ words: [], error: undefined });
    expect(again.client.calls).toEqual([]);
  });

  test('has ended after its last event, although the process ended before the end', async () => {
    for (const last of [status(2, 'INPUT_REQUIRED'), SECOND]) {
      const store = memoryStore();
      const sent = request();
      const first = new ScriptedClient([[task(1), last, 'waits']]);
      const events = resumable(first, { store }).sendMessageStream(sent);
      await events.next();
      await events.next();
      const end = events.next(); // saves the position
      await events.return();
      await end;
      const { client, words, error } = await read({ streams: [], store, sent });
      expect({ words, error, calls: client.calls }).toEqual({
        words: [],
        error: undefined,
        calls: [],
      });
    }
  });

  test('has ended after a Message, although the process ended before the end', async () => {
    const store = memoryStore();
    const sent = request();
    const first = new ScriptedClient([[message(), 'waits']]);
    const events = resumable(first, { store }).sendMessageStream(sent);
    await events.next();
    const end = events.next(); // saves the position
    await events.return();
    await end;
    const { client, words, error } = await read({ streams: [], store, sent });
    expect({ words, error, calls: client.calls }).toEqual({
      words: [],
      error: undefined,
      calls: [],
    });
  });

  test('of a subscription continues after a question', async () => {
    const store = memoryStore();
    const asks = status(2, 'INPUT_REQUIRED');
    await read({ streams: [[task(1), asks]], store, subscribes: true });
    const more = await read({ streams: [[DONE]], store, subscribes: true });
    expect(more.client.methods).toEqual(['subscribe c2']);
    expect(more.words).toEqual(['statusUpdate3']);
    const over = await read({ streams: [], store, subscribes: true });
    expect(over).toMatchObject({ words: [], error: undefined });
  });

  test('continues where it gave up', async () => {
    const store = memoryStore();
    const sent = request();
    const given = { store, sent, maxAttempts: 1 };
    const failed = await read({ ...given, streams: [[task(1), artifact(2), LOST]] });
    expect(failed.error).toBeInstanceOf(ResumeError);
    const more = await read({ ...given, streams: [[DONE]] });
    expect(more.client.methods).toEqual(['subscribe c2']);
    expect(more.words).toEqual(['statusUpdate3']);
  });

  test('keeps the message of one tenant from that of another', async () => {
    const store = memoryStore();
    const sent = request();
    await read({ streams: [[task(1), SECOND]], store, sent });
    const other = await read({
      streams: [[task(1), SECOND]],
      store,
      sent: { ...sent, tenant: 'y' },
    });
    expect(other.words).toHaveLength(2);
  });

  test('keeps the streams of one agent from those of another', async () => {
    const store = memoryStore();
    const sent = request();
    const streams = [[task(1), status(2, 'INPUT_REQUIRED')]];
    for (const agent of ['https://one.example', 'https://two.example', undefined]) {
      const answer = await read({ streams, store, sent, agent });
      expect(answer.client.methods).toEqual(['send']);
      const subscription = await read({ streams, store, agent, subscribes: true });
      expect(subscription.client.methods).toEqual(['subscribe']);
    }
  });

  test('accepts any text as the id of a tenant or of a task', async () => {
    const store = memoryStore();
    for (const [tenant, id] of [
      ['\ud800', 't'],
      ['a', 'b/c'],
      ['a/b', 'c'],
      ['a","b', 'c'],
    ]) {
      const client = new ScriptedClient([[task(1), SECOND]]);
      const events = resumable(client, { store }).resubscribeTask({
        tenant: `${tenant}`,
        id: `${id}`,
      });
      expect((await events.next()).done).toBe(false);
      await events.next();
      await events.return();
    }
  });

  test('begins again if the text in the store is none of its own', async () => {
    for (const text of ['', '{', 'null', '1', '{"v":2,"taskId":"t","cursor":"c1"}']) {
      const store = { ...memoryStore(), get: async () => text };
      const { client, words } = await read({ streams: [[task(1), SECOND]], store });
      expect(client.methods).toEqual(['send']);
      expect(words).toHaveLength(2);
    }
  });
});
