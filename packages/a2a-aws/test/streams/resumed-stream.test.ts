import { asGeneration } from '@a2a-aws/core';
import { eventStatus } from '@a2a-aws/core/internal';
import { type StreamResponse, type Task, TaskState } from '@a2a-js/sdk';
import { TaskNotFoundError } from '@a2a-js/sdk/errors';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { Entry } from '../../../core/src/model/entry.ts';
import { proposeDelete } from '../../../core/src/model/proposal.ts';
import type { LogRecord } from '../../../core/src/model/record.ts';
import {
  AUTH_REQUIRED,
  COMPLETED,
  chunkOf,
  INPUT_REQUIRED,
  message,
  statusOf,
  taskOf,
  WORKING,
} from '../../../core/test/fixtures/events.ts';
import { anyHistory } from '../../../core/test/fixtures/histories.ts';
import { logOf, start } from '../../../core/test/fixtures/records.ts';
import { GAP_KEY } from '../../src/streams/extension.ts';
import { FlatStream } from '../../src/streams/flat-stream.ts';
import { endOfLog, type StreamPosition } from '../../src/streams/stream-position.ts';
import { subscriberStream } from '../../src/streams/task-stream.ts';
import { type Seen, StoredTask } from '../fixtures/stored-task.ts';

// Many schedules: a machine under load may take its time.
vi.setConfig({ testTimeout: 60_000 });

const event = (said: ReturnType<typeof taskOf>, run = 'run-1'): Entry => ({
  kind: 'event',
  run,
  event: said,
});
const at = (generation: number, events = 0, part = 0): StreamPosition => ({
  slot: { generation: asGeneration(generation), part },
  events,
  frames: 0,
});
const sentBy = (run: string, position: StreamPosition): StreamPosition => ({
  ...position,
  sender: { run, phase: 'waiting', state: TaskState.TASK_STATE_UNSPECIFIED },
});
const responses = ({ frames }: Seen): StreamResponse[] => frames.map(({ response }) => response);
const kinds = (seen: Seen): string[] =>
  responses(seen).map(({ payload }) =>
    payload?.$case === 'statusUpdate' && payload.value.metadata?.[GAP_KEY]
      ? 'gap'
      : (payload?.$case ?? ''),
  );

/** The positions of a subscriber, and of the sender of each run, before anything was received. */
function beginnings(records: readonly LogRecord[]): StreamPosition[] {
  const found: StreamPosition[] = [at(1)];
  for (const { slot, entries } of records) {
    for (const entry of entries) {
      if (entry.kind === 'start') found.push(sentBy(entry.run, { slot, events: 0, frames: 0 }));
    }
  }
  return found;
}

describe('a resumed stream', () => {
  test('[I3] continues after each frame with the frames that follow it, for subscribers and senders', async () => {
    await fc.assert(
      fc.asyncProperty(anyHistory, async (records) => {
        const task = await StoredTask.of(records);
        if (!task.open.log.state.hasTask) return;
        for (const beginning of beginnings(records)) {
          const all = await task.resume(beginning);
          for (const [index, { position }] of all.frames.entries()) {
            const rest = await task.resume(position);
            const later = { ...all, frames: all.frames.slice(index + 1) };
            expect(expected(rest, records)).toEqual(expected(later, records));
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test('[I3] gives a sender the answer of its run once, also after a gap, and ends as without a gap', async () => {
    await fc.assert(
      fc.asyncProperty(anyHistory, fc.nat(20), async (records, expired) => {
        const whole = await StoredTask.of(records);
        if (!whole.open.log.state.hasTask) return;
        for (const beginning of beginnings(records)) {
          const all = await whole.resume(beginning);
          for (const { position } of all.frames) {
            const task = await StoredTask.of(records);
            task.expire(expired);
            const before = await whole.resume(position);
            const after = await task.resume(position);
            const answers = answersIn(after, records);
            expect(answers).toEqual(answersIn(before, records));
            expect(new Set(answers).size).toBe(answers.length);
            // A run that has asked may go on. Its result is not known within the log, and the Task
            // after a gap does not end its stream.
            if (before.frames.length > 0 && askedIn(records).size === 0) {
              expect(after.outcome).toEqual(before.outcome);
            }
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('a task that asks for credentials, and whose run another instance continues', () => {
  const records = logOf(
    [start('run-1')],
    [event(taskOf(WORKING)), event(chunkOf('out', 'one'))],
    [event(statusOf(AUTH_REQUIRED))],
    [event(chunkOf('out', 'two'))],
    [
      { kind: 'fence', instance: 'a' },
      start('run-2', { instance: 'b', attempt: 2, resumes: 'run-1' }),
    ],
    [event(statusOf(WORKING), 'run-2')],
    [event(chunkOf('out', 'three'), 'run-2'), event(statusOf(COMPLETED), 'run-2')],
  );
  const wholeLength = 7;

  test.each([
    ['a subscriber', at(1)],
    ['its sender', sentBy('run-1', at(1))],
  ])('[I3] is told to %s from each frame to its end', async (_, beginning) => {
    const task = await StoredTask.of(records);
    const all = await task.resume(beginning);
    expect({ count: all.frames.length, outcome: all.outcome }).toEqual({
      count: wholeLength,
      outcome: 'ended',
    });
    for (const [index, { position }] of all.frames.entries()) {
      const rest = await task.resume(position);
      expect(responses(rest), `after frame ${index}`).toEqual(responses(all).slice(index + 1));
      expect(rest.outcome).toBe('ended');
    }
  });
});

/** The id of the message that a run answered with, if the response is about one. */
function answerIn({ payload }: StreamResponse, records: readonly LogRecord[]): string | undefined {
  const said = payload?.$case === 'message' ? payload.value : undefined;
  const told = payload?.$case === 'statusUpdate' ? payload.value.status?.message : undefined;
  const id = (said ?? told)?.messageId;
  const isAnswer = records.some(({ entries }) =>
    entries.some((entry) => entry.kind === 'answer' && entry.message.messageId === id),
  );
  return isAnswer ? id : undefined;
}

/** The answers that the client got, except those of runs that had asked: their result is the question. */
function answersIn(seen: Seen, records: readonly LogRecord[]): string[] {
  const asked = askedIn(records);
  return responses(seen).flatMap((response) => {
    const answer = answerIn(response, records);
    return answer === undefined || asked.has(answer) ? [] : [answer];
  });
}

/** The events that a client must get: answers of runs that had asked may be among it. */
function expected(seen: Seen, records: readonly LogRecord[]): StreamResponse[] {
  const asked = askedIn(records);
  return responses(seen).filter((response) => !asked.has(answerIn(response, records) ?? ''));
}

/** The ids of the messages that runs answered with after a question. */
function askedIn(records: readonly LogRecord[]): Set<string> {
  const asked = records.flatMap(({ entries }) =>
    entries.flatMap((entry) =>
      entry.kind === 'event' && eventStatus(entry.event)?.state === INPUT_REQUIRED
        ? [`from-${entry.run}`]
        : [],
    ),
  );
  return new Set(asked);
}

describe('a Task with neither a status nor an artifact', () => {
  test('[I3] has a frame, with the state that the task had', async () => {
    const bare = { ...taskOf(WORKING).data, status: undefined, artifacts: [] } as Task;
    const task = await StoredTask.of(
      logOf(
        [start('run-1')],
        [
          event(taskOf(WORKING)),
          event(statusOf(INPUT_REQUIRED)),
          event({ kind: 'task', data: bare }),
        ],
        [event({ kind: 'task', data: bare }), event(statusOf(COMPLETED))],
      ),
    );
    const all = await task.resume(at(1));
    const states = (seen: Seen): unknown[] =>
      responses(seen).map(({ payload }) =>
        payload?.$case === 'statusUpdate' ? payload.value.status?.state : payload?.$case,
      );
    const told = [WORKING, INPUT_REQUIRED, INPUT_REQUIRED, INPUT_REQUIRED, COMPLETED];
    expect(states(all)).toEqual(told);
    expect(all.frames.map(({ generation }) => generation)).toEqual([1, 2, 3, 4, 5]);
    for (const [index, { position }] of all.frames.entries()) {
      expect(states(await task.resume(position))).toEqual(told.slice(index + 1));
    }
  });
});

describe('the end of a resumed stream', () => {
  const question = [
    [start('run-1')],
    [event(taskOf(WORKING))],
    [event(statusOf(INPUT_REQUIRED))],
    [event(chunkOf('out', 'after the question'))],
    [{ kind: 'end', run: 'run-1' } as Entry],
  ];

  test('[I3] is the end of the log if the task waits for input, although the question was not last', async () => {
    const task = await StoredTask.of(logOf(...question));
    const seen = await task.resume(at(1));
    expect({ kinds: kinds(seen), outcome: seen.outcome }).toEqual({
      kinds: ['statusUpdate', 'statusUpdate', 'artifactUpdate'],
      outcome: 'ended',
    });
  });

  test('[I3] is the end of the log after a gap, too', async () => {
    const task = await StoredTask.of(logOf(...question));
    task.expire(5);
    const seen = await task.resume(at(1, 1));
    expect({ kinds: kinds(seen), outcome: seen.outcome }).toEqual({
      kinds: ['gap', 'task'],
      outcome: 'ended',
    });
  });

  test('[I3] is not there for a client that has seen the question and waits for the answer', async () => {
    const task = await StoredTask.of(logOf(...question));
    const seen = await task.resume(at(3, 1));
    expect(seen).toEqual({ frames: [], outcome: 'waits' });
  });
});

describe('a sender whose first Task is the question', () => {
  const asked = logOf(
    [start('run-1')],
    [event(taskOf(INPUT_REQUIRED))],
    [{ kind: 'end', run: 'run-1' } as Entry],
  );

  test('[I3] gets the question, and waits for what follows when it resumes there', async () => {
    const task = await StoredTask.of(asked);
    const first = await task.resume(sentBy('run-1', at(1)));
    expect({ kinds: kinds(first), outcome: first.outcome }).toEqual({
      kinds: ['task'],
      outcome: 'ended',
    });
    const position = first.frames[0]?.position as StreamPosition;
    expect(await task.resume(position)).toEqual({ frames: [], outcome: 'waits' });
  });

  test('gets as much history as it asked for, also after its message was sent again', async () => {
    const said = message('m-1');
    const task = await StoredTask.of(
      logOf(
        [start('run-1', { message: said })],
        [event(taskOf(WORKING, { history: [said] }))],
        [event(statusOf(COMPLETED))],
      ),
    );
    const { frames } = await task.resume(sentBy('run-1', at(1)), { historyLength: 0 });
    expect(frames[0]?.response.payload).toMatchObject({ $case: 'task', value: { history: [] } });
  });
});

describe('a task that was deleted', () => {
  const idle = logOf(
    [start('run-1')],
    [event(taskOf(WORKING))],
    [event(chunkOf('out', 'one'))],
    [{ kind: 'end', run: 'run-1' } as Entry],
  );

  test('[I9] is not found by a client that reads its live stream', async () => {
    const { open } = await StoredTask.of(idle);
    const never = new AbortController().signal;
    const parts = subscriberStream(open, {
      left: never,
      away: never,
      interrupted: () => new Error('Interrupted.'),
      drained: () => Promise.resolve(),
    });
    const stream = new FlatStream(parts);
    expect((await stream.next()).value?.response.payload?.$case).toBe('task');
    const next = stream.next();
    await open.log.append(proposeDelete());
    await expect(next).rejects.toThrow(TaskNotFoundError);
  });

  test('[I9] is not found by a client that resumes while it is erased', async () => {
    const task = await StoredTask.of(idle);
    await task.erase();
    const seen = await task.resume(at(1, 1, 1));
    expect(seen.outcome).toBeInstanceOf(TaskNotFoundError);
  });
});

describe('a whole Task that was published again', () => {
  test('[I8] costs no read from the start of the log', async () => {
    const task = await StoredTask.of(
      logOf(
        [start('run-1')],
        [event(taskOf(WORKING))],
        [event(taskOf(WORKING))],
        [event(taskOf(WORKING))],
        [event(statusOf(COMPLETED))],
      ),
    );
    const seen = await task.resume(at(1, 1, 1));
    expect(kinds(seen)).toHaveLength(3);
    expect(task.readsFromStart).toBe(0);
  });
});

describe('a log that was restored from a backup', () => {
  const former = logOf([start('run-1')], [event(taskOf(WORKING))], [event(chunkOf('out', 'one'))]);

  test('[I3] refuses a cursor whose record has other borders now', async () => {
    const records = logOf(
      [start('run-1')],
      [event(taskOf(WORKING))],
      [event(chunkOf('out', 'one'))],
      [event(chunkOf('out', 'two'))],
    );
    const position = endOfLog((await StoredTask.of(records)).open);
    const together = [event(chunkOf('a', '1')), event(chunkOf('b', '2')), event(chunkOf('c', '3'))];
    const restored = logOf([start('run-1')], [event(taskOf(WORKING))], together);
    const { outcome } = await (await StoredTask.of(restored)).resume(position);
    expect(outcome).toMatchObject({ metadata: { cursor: 'future' } });
  });

  test('[I3] refuses the cursor of the Task at the beginning of a stream', async () => {
    const position = endOfLog((await StoredTask.of(former)).open);
    const other = former.map((record) => ({ ...record, time: record.time + 1 }));
    const restored = await StoredTask.of(other);
    const { outcome } = await restored.resume(position);
    expect(outcome).toMatchObject({ metadata: { cursor: 'future' } });
    const same = await StoredTask.of(former);
    expect(await same.resume(position)).toEqual({ frames: [], outcome: 'waits' });
  });
});
