import { randomUUID } from 'node:crypto';
import { type SendMessageRequest, type StreamResponse, Task } from '@a2a-js/sdk';
import type { RequestOptions } from '@a2a-js/sdk/client';
import {
  RequestMalformedError,
  TaskNotFoundError,
  UnsupportedOperationError,
} from '@a2a-js/sdk/errors';
import { describe, expect, test, vi } from 'vitest';
import {
  gapOf,
  type Interruption,
  memoryStore,
  type ResumableOptions,
  ResumeError,
  resumable,
} from '../src/index.ts';
import {
  artifact,
  EXTENSION,
  gap,
  message,
  type Part,
  ScriptedClient,
  status,
  task,
} from './fixtures/scripted-client.ts';

const LOST = new TypeError('terminated');
const REFUSED = new RequestMalformedError({ metadata: { cursor: 'future' } });
const ENDED = new UnsupportedOperationError('The task has ended.');
const DONE = status(3, 'COMPLETED');
const SECOND = status(2, 'COMPLETED');

function request(messageId: string = randomUUID()): SendMessageRequest {
  const parts = [] as never[];
  return {
    tenant: 'x',
    message: { messageId, parts, role: 1, contextId: '', taskId: '' } as never,
    configuration: undefined,
    metadata: undefined,
  };
}

/** One word per event: its kind, its generation, and its gap if it has one. */
function wordOf(event: StreamResponse): string {
  const generation = event.payload?.value.metadata?.[`${EXTENSION}/generation`] ?? '';
  const missed = gapOf(event);
  const mark = missed ? ` gap ${missed.from ?? '?'}-${missed.to ?? '?'}` : '';
  return `${event.payload?.$case}${generation}${mark}`;
}

interface Outcome {
  readonly client: ScriptedClient;
  readonly words: readonly string[];
  readonly error: unknown;
  readonly waits: readonly number[];
  readonly interruptions: readonly Interruption[];
}

interface Given extends ResumableOptions {
  readonly streams: readonly (readonly Part[])[];
  readonly task?: Task | Error;
  readonly subscribes?: boolean;
  readonly call?: RequestOptions;
  readonly sent?: SendMessageRequest;
}

/** Reads a stream to its end, without waits. */
async function read(given: Given): Promise<Outcome> {
  const { streams, task: stored, subscribes = false, call, sent = request(), ...options } = given;
  const client = new ScriptedClient(streams, stored);
  const waits: number[] = [];
  const interruptions: Interruption[] = [];
  const agent = resumable(client, {
    sleep: async (ms) => void waits.push(ms),
    random: () => 1,
    onInterruption: (one) => interruptions.push(one),
    ...options,
  });
  const events = subscribes
    ? agent.resubscribeTask({ tenant: 'x', id: 't' }, call)
    : agent.sendMessageStream(sent, call);
  const words: string[] = [];
  let error: unknown;
  try {
    for await (const event of events) words.push(wordOf(event));
  } catch (thrown) {
    error = thrown;
  }
  expect(client.open).toBe(0);
  return { client, words, error, waits, interruptions };
}

const stored = (state: string): Task =>
  Task.fromJSON({ id: 't', status: { state: `TASK_STATE_${state}` } });

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
