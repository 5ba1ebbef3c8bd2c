import { Message, Task } from '@a2a-js/sdk';
import { InMemoryTaskStore, ResultManager, ServerCallContext } from '@a2a-js/sdk/server';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { deepCopy } from '../../src/a2a/deep-copy.ts';
import type { TaskEvent } from '../../src/a2a/event.ts';
import { Fold } from '../../src/model/fold.ts';
import {
  anyArtifact,
  anyArtifactUpdate,
  anyMessage,
  anyStatus,
  anyStatusUpdate,
  anyTask,
  runningStatus,
} from '../fixtures/arbitraries.ts';
import {
  CANCELED,
  COMPLETED,
  chunkOf,
  KEY,
  message,
  statusOf,
  taskOf,
  WORKING,
} from '../fixtures/events.ts';
import { recordAt, start } from '../fixtures/records.ts';

// Many schedules: a machine under load may take its time.
vi.setConfig({ testTimeout: 60_000 });

/** The SDK's merge and ours, fed alike. */
class Pair {
  readonly #store = new InMemoryTaskStore();
  readonly #context = new ServerCallContext({ requestedVersion: '1.0' });
  #manager = new ResultManager(this.#store, this.#context);
  #runs = 0;
  readonly fold = new Fold();
  /** The message that the run at work is about. */
  sent: Message;

  constructor(user: Message) {
    this.sent = user;
    this.#manager.setContext(user);
    this.#start(user);
  }

  /** A message to the task: the SDK's handler saves it and creates another manager. */
  async followUp(sent: Message): Promise<void> {
    const task = await this.#store.load(KEY.taskId, this.#context);
    if (!task) throw new Error('no task');
    task.history = [...task.history, deepCopy(sent)];
    await this.#store.save(task, this.#context);
    this.#manager = new ResultManager(this.#store, this.#context);
    this.#manager.setContext(sent);
    this.#start(sent);
  }

  #start(sent: Message): void {
    this.sent = sent;
    this.#runs += 1;
    const entry = start(`r${this.#runs}`, { message: sent });
    this.fold.apply(recordAt(this.fold.state.next, [entry]));
  }

  async publish(event: TaskEvent): Promise<void> {
    await this.#manager.processEvent(deepCopy(event));
    this.fold.apply(
      recordAt(this.fold.state.next, [{ kind: 'event', run: `r${this.#runs}`, event }]),
    );
  }

  /** A bare message: the answer of a run, and no event of its task. */
  async answer(said: Message): Promise<void> {
    await this.#manager.processEvent({ kind: 'message', data: deepCopy(said) });
    const entry = { kind: 'answer', run: `r${this.#runs}`, message: said } as const;
    this.fold.apply(recordAt(this.fold.state.next, [entry]));
  }

  /** An event that two managers take from one bus: a second send, or a cancel, makes another. */
  async publishToTwo(event: TaskEvent): Promise<void> {
    await this.publish(event);
    await new ResultManager(this.#store, this.#context).processEvent(deepCopy(event));
  }

  /** The Task that the SDK has stored. */
  async stored(): Promise<Task | undefined> {
    return this.#store.load(KEY.taskId, this.#context);
  }

  get theirs(): unknown {
    const task = this.#manager.getCurrentTask();
    return task && Task.toJSON(task);
  }

  get ours(): unknown {
    const task = this.fold.task();
    return task && Task.toJSON(task);
  }

  /** Returns the Task of both. */
  get ids(): { theirs: string[]; ours: string[] } {
    const of = (task: Task | undefined): string[] => task?.history.map((m) => m.messageId) ?? [];
    return { theirs: of(this.#manager.getCurrentTask()), ours: of(this.fold.task()) };
  }
}

// The SDK prints a warning for each event that it ignores.
beforeEach(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

const user = message('user');

/** Sequences of events of an agent and messages of a user. */
type Happening =
  | { readonly kind: 'event'; readonly event: TaskEvent }
  | { readonly kind: 'answer' | 'follow-up'; readonly message: Message };

/** Messages of few ids, some of them with another text than before. */
const knownMessage = fc
  .tuple(fc.constantFrom('user', 'm1', 'm2'), fc.constantFrom('', 'other text'))
  .map(([id, text]) => message(id, text || id));

/** Terminal ones are rare, so that sequences are long enough. */
const someStatus = fc.oneof(
  { weight: 9, arbitrary: fc.option(runningStatus, { nil: undefined, freq: 10 }) },
  { weight: 1, arbitrary: anyStatus },
);

/** Task events whose history is empty, the known one with more messages, or any other. */
const someTask = fc.record({
  data: anyTask(someStatus).map(({ data }) => data as Task),
  told: fc.constantFrom('none' as const, 'known' as const, 'any' as const),
  messages: fc.array(fc.oneof(anyMessage, knownMessage), { maxLength: 3 }),
  artifacts: fc.array(anyArtifact, { maxLength: 3 }),
});

type Draw = (pair: Pair, at: number) => Happening;

const anyHappening: fc.Arbitrary<Draw> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.oneof(anyStatusUpdate(someStatus), anyArtifactUpdate).map(
      (event): Draw =>
        () => ({ kind: 'event', event }),
    ),
  },
  {
    weight: 3,
    arbitrary: someTask.map(
      ({ data, told, messages, artifacts }): Draw =>
        (pair) => {
          const known = pair.fold.task()?.history ?? [];
          const history = { none: [], known: [...known, ...messages], any: messages }[told];
          return { kind: 'event', event: { kind: 'task', data: { ...data, history, artifacts } } };
        },
    ),
  },
  {
    weight: 1,
    arbitrary: anyMessage.map(
      (said): Draw =>
        () => ({ kind: 'answer', message: said }),
    ),
  },
  {
    weight: 1,
    // A message id that is known already starts no run.
    arbitrary: anyMessage.map(
      (said): Draw =>
        (_, at) => {
          return { kind: 'follow-up', message: { ...said, messageId: `turn-${at}` } };
        },
    ),
  },
);

/** Whether the two may differ from here on: each reason is a test of its own below. */
function mayDiffer(next: Happening, { fold, sent }: Pair): boolean {
  const task = fold.task();
  // The handler refuses such a message.
  if (next.kind === 'follow-up') return fold.state.sealed || !task;
  if (next.kind !== 'event') return false;
  const { event } = next;
  if (fold.state.sealed) {
    if (event.kind !== 'statusUpdate') return true;
    return event.data.status?.state === task?.status?.state;
  }
  if (event.kind !== 'task') return false;
  const { history, artifacts } = event.data;
  if (hasTwice(artifacts.map(({ artifactId }) => artifactId))) return true;
  if (hasTwice(history.map(({ messageId }) => messageId))) return true;
  if (task)
    return history.length > 0 && !isSame(history.slice(0, task.history.length), task.history);
  const at = history.findIndex(({ messageId }) => messageId === sent.messageId);
  return at > 0 || (at === 0 && !isSame(history.slice(0, 1), [sent]));
}

function hasTwice(ids: readonly string[]): boolean {
  return new Set(ids).size < ids.length;
}

function isSame(one: readonly Message[], other: readonly Message[]): boolean {
  const text = (all: readonly Message[]): string => JSON.stringify(all.map(Message.toJSON));
  return text(one) === text(other);
}

describe('the fold and the ResultManager of the SDK', () => {
  test('agree after every step of every sequence, but for the differences below', async () => {
    const compared = { steps: 0, sealed: 0, left: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(anyHappening, { minLength: 1, maxLength: 24 }), async (draws) => {
        const pair = new Pair(user);
        for (const [at, draw] of draws.entries()) {
          const next = draw(pair, at);
          if (mayDiffer(next, pair)) {
            compared.left += 1;
            continue;
          }
          if (next.kind === 'event') await pair.publish(next.event);
          else if (next.kind === 'answer') await pair.answer(next.message);
          else await pair.followUp(next.message);
          const stored = await pair.stored();
          expect(pair.ours).toEqual(stored && Task.toJSON(stored));
          compared.steps += 1;
          if (pair.fold.state.sealed) compared.sealed += 1;
        }
      }),
      { numRuns: 400 },
    );
    // It says something only if little was left out, and terminal guards were among the rest.
    expect(compared.steps).toBeGreaterThan(compared.left);
    expect(compared.sealed).toBeGreaterThan(10);
  });

  test('agree that a status or an artifact without a Task changes nothing', async () => {
    const pair = new Pair(user);
    await pair.publish(statusOf(WORKING));
    await pair.publish(chunkOf('a', 'x'));
    expect(pair.ours).toBeUndefined();
    expect(pair.theirs).toBeUndefined();
  });
});

describe('the fold differs on purpose', () => {
  test('[I4] a second status of the same terminal state changes nothing', async () => {
    const pair = new Pair(user);
    await pair.publish(taskOf(WORKING));
    await pair.publish(statusOf(COMPLETED, message('first')));
    await pair.publish(statusOf(COMPLETED, message('second')));
    expect(pair.ours).toMatchObject({ status: { message: { messageId: 'first' } } });
    expect(pair.theirs).toMatchObject({ status: { message: { messageId: 'second' } } });
  });

  test('[I4] a Task event after the end does not open the task again', async () => {
    const pair = new Pair(user);
    await pair.publish(taskOf(CANCELED));
    await pair.publish(taskOf(WORKING));
    expect(pair.ours).toMatchObject({ status: { state: 'TASK_STATE_CANCELED' } });
    expect(pair.theirs).toMatchObject({ status: { state: 'TASK_STATE_WORKING' } });
  });

  test('[I4] an artifact after the end is not taken', async () => {
    const pair = new Pair(user);
    await pair.publish(taskOf(COMPLETED));
    await pair.publish(chunkOf('a', 'late'));
    expect(pair.fold.task()?.artifacts).toEqual([]);
    expect(pair.theirs).toHaveProperty('artifacts');
  });

  test('a Task event with a history drops no message that came meanwhile', async () => {
    const pair = new Pair(user);
    await pair.publish(taskOf(WORKING));
    await pair.publish(statusOf(WORKING, message('said')));
    await pair.publish(taskOf(WORKING, { history: [user, message('new')] }));
    expect(pair.ids.ours).toEqual(['user', 'said', 'new']);
    expect(pair.ids.theirs).toEqual(['user', 'new']);
  });

  test('[I1] messages stay in log order, even if a Task event has another order', async () => {
    const pair = new Pair(user);
    await pair.publish(taskOf(WORKING, { history: [message('agent'), user] }));
    expect(pair.ids.ours).toEqual(['user', 'agent']);
    expect(pair.ids.theirs).toEqual(['agent', 'user']);
  });

  test('a message does not change once it was published: the first of an id stays', async () => {
    const pair = new Pair(user);
    await pair.publish(taskOf(WORKING, { history: [message('user', 'rewritten')] }));
    expect(pair.fold.task()?.history).toEqual([user]);
    expect((await pair.stored())?.history).toEqual([message('user', 'rewritten')]);
  });

  test('a message is in the history once, also if one Task event has it twice', async () => {
    const pair = new Pair(user);
    await pair.publish(taskOf(WORKING, { history: [user, message('m'), message('m')] }));
    expect(pair.ids.ours).toEqual(['user', 'm']);
    expect(pair.ids.theirs).toEqual(['user', 'm', 'm']);
  });

  test('an event is applied once, however many listeners its bus has', async () => {
    const pair = new Pair(user);
    await pair.publish(taskOf(WORKING));
    await pair.publish(chunkOf('a', 'one'));
    await pair.publishToTwo(chunkOf('a', 'two', { append: true }));
    const parts = (task: Task | undefined): unknown[] | undefined =>
      task?.artifacts[0]?.parts.map(({ content }) => content?.value);
    expect(parts(pair.fold.task())).toEqual(['one', 'two']);
    expect(parts(await pair.stored())).toEqual(['one', 'two', 'two']);
  });

  test('an artifact id is one artifact, also if one Task event has it twice', async () => {
    const pair = new Pair(user);
    const artifacts = ['one', 'two'].map((name) => ({
      artifactId: 'a',
      name,
      description: '',
      parts: [],
      metadata: undefined,
      extensions: [],
    }));
    await pair.publish(taskOf(WORKING, { artifacts }));
    expect(pair.fold.task()?.artifacts.map((a) => a.name)).toEqual(['two']);
    expect((await pair.stored())?.artifacts.map((a) => a.name)).toEqual(['one', 'two']);
  });
});
