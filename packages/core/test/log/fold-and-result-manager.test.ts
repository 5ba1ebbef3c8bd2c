import { type Message, Task } from '@a2a-js/sdk';
import { InMemoryTaskStore, ResultManager, ServerCallContext } from '@a2a-js/sdk/server';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { deepCopy } from '../../src/a2a/deep-copy.ts';
import type { TaskEvent } from '../../src/a2a/event.ts';
import { Fold } from '../../src/log/fold.ts';
import {
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

  constructor(user: Message) {
    this.#manager.setContext(user);
    this.#start(user);
  }

  /** A message to the task: the SDK's handler saves it and makes a manager anew. */
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

  get theirs(): unknown {
    const task = this.#manager.getCurrentTask();
    return task && Task.toJSON(task);
  }

  get ours(): unknown {
    const task = this.fold.task();
    return task && Task.toJSON(task);
  }

  /** What both say of the Task. */
  get ids(): { theirs: string[]; ours: string[] } {
    const of = (task: Task | undefined): string[] => task?.history.map((m) => m.messageId) ?? [];
    return { theirs: of(this.#manager.getCurrentTask()), ours: of(this.fold.task()) };
  }
}

// The SDK warns of what it ignores.
beforeEach(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

const user = message('user');
const optionalRunning = fc.option(runningStatus, { nil: undefined, freq: 10 });

/** A Task event without a history, one that repeats the history known so far, one with more. */
const laterTask = fc.tuple(
  anyTask(optionalRunning),
  fc.constantFrom('none', 'known'),
  fc.array(anyMessage, { maxLength: 2 }),
);

const next = fc.oneof(
  { weight: 3, arbitrary: anyStatusUpdate(optionalRunning) },
  { weight: 3, arbitrary: anyArtifactUpdate },
);

const sequence = fc.record({
  first: anyTask(optionalRunning),
  withUser: fc.boolean(),
  steps: fc.array(
    fc.oneof(
      next.map((event) => ({ kind: 'event' as const, event })),
      laterTask.map(([event, history, more]) => ({ kind: 'task' as const, event, history, more })),
    ),
    { maxLength: 12 },
  ),
  last: fc.option(anyStatusUpdate(anyStatus), { nil: undefined }),
});

describe('the fold and the ResultManager of the SDK', () => {
  test('agree on every run of one task, to its terminal status', async () => {
    await fc.assert(
      fc.asyncProperty(sequence, async ({ first, withUser, steps, last }) => {
        const pair = new Pair(user);
        if (first.kind !== 'task') return;
        // The user's message, where an agent repeats it, comes first.
        const others = first.data.history.filter((m) => m.messageId !== user.messageId);
        const history = withUser ? [user, ...others] : others;
        await pair.publish({ kind: 'task', data: { ...first.data, history } });
        expect(pair.ours).toEqual(pair.theirs);
        for (const step of steps) {
          if (step.kind === 'task' && step.event.kind === 'task') {
            const known = pair.fold.task()?.history ?? [];
            const ids = new Set(known.map((m) => m.messageId));
            const more = step.more.filter((m) => !ids.has(m.messageId) && ids.add(m.messageId));
            const told = step.history === 'none' ? [] : [...known, ...more];
            await pair.publish({ kind: 'task', data: { ...step.event.data, history: told } });
          } else {
            await pair.publish(step.event);
          }
          expect(pair.ours).toEqual(pair.theirs);
        }
        if (last) await pair.publish(last);
        expect(pair.ours).toEqual(pair.theirs);
      }),
      { numRuns: 200 },
    );
  });

  test('agree on follow-up messages, and on what their runs say', async () => {
    const sent = fc.array(fc.tuple(fc.array(next, { maxLength: 4 }), anyMessage), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(sent, async (turns) => {
        const pair = new Pair(user);
        await pair.publish(taskOf(WORKING));
        for (const [n, [events, said]] of turns.entries()) {
          // A message id that is known already starts no run.
          await pair.followUp({ ...said, messageId: `turn-${n}` });
          for (const event of events) await pair.publish(event);
          await pair.publish(statusOf(WORKING));
          expect(pair.ours).toEqual(pair.theirs);
        }
      }),
    );
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
  test('[I4] a second status of the same terminal state: the first is the last word', async () => {
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

  test('[I1] messages stay in log order, whatever order a Task event has them in', async () => {
    const pair = new Pair(user);
    await pair.publish(taskOf(WORKING, { history: [message('agent'), user] }));
    expect(pair.ids.ours).toEqual(['user', 'agent']);
    expect(pair.ids.theirs).toEqual(['agent', 'user']);
  });

  test('a message that was said once does not change: the first of an id stays', async () => {
    const pair = new Pair(user);
    await pair.publish(taskOf(WORKING, { history: [message('user', 'rewritten')] }));
    expect(pair.fold.task()?.history).toEqual([user]);
  });

  test('a message is in the history once, also if one Task event has it twice', async () => {
    const pair = new Pair(user);
    await pair.publish(taskOf(WORKING, { history: [user, message('m'), message('m')] }));
    expect(pair.ids.ours).toEqual(['user', 'm']);
    expect(pair.ids.theirs).toEqual(['user', 'm', 'm']);
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
  });
});
