import { asGeneration } from '@a2a-aws/core';
import { type AppliedRecord, applyRecord, EMPTY_STATE, runResult } from '@a2a-aws/core/internal';
import { type StreamResponse, TaskState } from '@a2a-js/sdk';
import { describe, expect, test } from 'vitest';
import type { Entry } from '../../../core/src/model/entry.ts';
import {
  AUTH_REQUIRED,
  COMPLETED,
  chunkOf,
  INPUT_REQUIRED,
  KEY,
  message,
  statusOf,
  taskOf,
  WORKING,
} from '../../../core/test/fixtures/events.ts';
import { logOf, start } from '../../../core/test/fixtures/records.ts';
import type { StreamPosition } from '../../src/streams/stream-position.ts';
import {
  type ProgressStart,
  pastResult,
  StreamProgress,
} from '../../src/streams/stream-progress.ts';

const event = (said: ReturnType<typeof taskOf>, run = 'run-1'): Entry => ({
  kind: 'event',
  run,
  event: said,
});
const answer: Entry = { kind: 'answer', run: 'run-1', message: message('answer') };
const end: Entry = { kind: 'end', run: 'run-1' };

/** The records of a log as readers see them. */
function applied(...contents: readonly (readonly Entry[])[]): AppliedRecord[] {
  let state = EMPTY_STATE;
  return logOf(...contents).map((record) => {
    const step = applyRecord(state, record);
    state = step.state;
    return step;
  });
}

function progress(fields: Partial<ProgressStart> = {}): StreamProgress {
  return new StreamProgress({
    task: { id: KEY.taskId, contextId: 'context-1' },
    position: at(1),
    run: undefined,
    state: TaskState.TASK_STATE_UNSPECIFIED,
    isResumed: false,
    ...fields,
  });
}

const at = (generation: number, events = 0, frames = 0): StreamPosition => ({
  slot: { generation: asGeneration(generation), part: 0 },
  events,
  frames,
});
const sender = (position: StreamPosition): StreamPosition => ({
  ...position,
  sender: { run: 'run-1', phase: 'told', state: WORKING },
});

/** Returns the content of a frame, in short. */
function told({ payload }: StreamResponse): unknown {
  if (payload?.$case === 'artifactUpdate') return payload.value.artifact?.artifactId;
  if (payload?.$case !== 'statusUpdate') return payload?.$case;
  return payload.value.status?.message?.messageId ?? payload.value.status?.state;
}

function tell(stream: StreamProgress, steps: readonly AppliedRecord[]): unknown[] {
  const all: unknown[] = [];
  for (const step of steps) {
    if (stream.isOver) break;
    all.push(...Array.from(stream.framesOf(step), ({ response }) => told(response)));
  }
  return all;
}

describe('the progress of a stream', () => {
  test('[I3] leaves out the events and frames before its position', () => {
    const steps = applied(
      [start('run-1')],
      [event(taskOf(WORKING)), event(chunkOf('one', 'x'))],
      [event(chunkOf('two', 'x'))],
    );
    expect(tell(progress({ position: at(1, 1) }), steps)).toEqual(['one', 'two']);
    expect(tell(progress({ position: at(1, 2) }), steps)).toEqual(['two']);
    const again = taskOf(WORKING, {
      artifacts: ['three', 'four'].map((artifactId) => ({ artifactId })) as never,
    });
    const whole = applied([start('run-1')], [event(again)]);
    expect(tell(progress(), whole)).toEqual(['three', 'four', WORKING]);
    expect(tell(progress({ position: at(1, 0, 2) }), whole)).toEqual([WORKING]);
  });

  test('[I3] gives each frame the position after it', () => {
    const again = taskOf(WORKING, { artifacts: [{ artifactId: 'one' }] as never });
    const [, step] = applied([start('run-1')], [event(again), event(chunkOf('two', 'x'))]);
    const frames = Array.from(progress().framesOf(step as AppliedRecord));
    expect(frames.map(({ position, generation }) => ({ ...position, generation }))).toMatchObject([
      { events: 0, frames: 1, generation: 1 },
      { events: 1, frames: 0, generation: 1 },
      { events: 2, frames: 0, generation: 2 },
    ]);
  });

  test('[I3] tells the answer of its run once, before the event that ends the task', () => {
    const steps = applied([start('run-1')], [event(taskOf(WORKING))], [answer], [end]);
    const stream = progress({ position: sender(at(1)), run: 'run-1', isResumed: true });
    expect(tell(stream, steps)).toEqual([WORKING, 'answer']);
    expect(stream.position.sender).toMatchObject({ phase: 'answered' });
    const { state } = steps.at(-1) as AppliedRecord;
    expect([...stream.answerAt(runResult(state, 'run-1'))]).toEqual([]);
  });

  test('[I6] of a sender is over with the result of its run, and not with the end of another', () => {
    const steps = applied(
      [start('run-1'), start('run-2')],
      [event(taskOf(WORKING))],
      [event(chunkOf('other', 'x'), 'run-2'), { kind: 'end', run: 'run-2' }],
      [end],
      [event(chunkOf('late', 'x'), 'run-2')],
    );
    const stream = progress({ position: sender(at(1)), run: 'run-1' });
    expect(tell(stream, steps.slice(0, 3))).toEqual([WORKING, 'other']);
    expect(stream.isOver).toBe(false);
    expect(tell(stream, steps.slice(3))).toEqual([]);
    expect(stream.isOver).toBe(true);
  });

  test('[I6] of a subscriber is over at a question, and not while another run goes on', () => {
    const asked = (...runs: readonly string[]) =>
      applied(
        runs.map((run) => start(run)),
        [event(taskOf(WORKING))],
        [event(statusOf(INPUT_REQUIRED))],
      );
    const alone = progress();
    expect(tell(alone, asked('run-1'))).toEqual([WORKING, INPUT_REQUIRED]);
    expect(alone.isOver).toBe(true);
    const among = progress();
    tell(among, asked('run-1', 'run-2'));
    expect(among.isOver).toBe(false);
  });

  test('[I3] of a resumed stream passes a question, and ends where the log does', () => {
    const steps = applied(
      [start('run-1')],
      [event(taskOf(WORKING))],
      [event(statusOf(INPUT_REQUIRED))],
      [end],
    );
    const stream = progress({ isResumed: true });
    expect(tell(stream, steps)).toEqual([WORKING, INPUT_REQUIRED]);
    expect(stream.isOver).toBe(false);
    const { state } = steps.at(-1) as AppliedRecord;
    stream.endAt(state);
    expect(stream.isOver).toBe(true);
    // A client that has got the question before waits for what follows it.
    const later = progress({ isResumed: true, position: at(2, 1) });
    tell(later, steps);
    later.endAt(state);
    expect(later.isOver).toBe(false);
  });

  test('[I6] of a resumed stream is over at the end of a task, and not while it asks for credentials', () => {
    const steps = applied(
      [start('run-1')],
      [event(taskOf(WORKING))],
      [event(statusOf(AUTH_REQUIRED))],
      [event(statusOf(COMPLETED))],
    );
    const stream = progress({ isResumed: true });
    tell(stream, steps.slice(0, 3));
    stream.endAt((steps[2] as AppliedRecord).state);
    expect(stream.isOver).toBe(false);
    tell(stream, steps.slice(3));
    stream.endAt((steps[3] as AppliedRecord).state);
    expect(stream.isOver).toBe(true);
  });

  test('[I3] continues after a Task with the events that follow it', () => {
    const steps = applied(
      [start('run-1')],
      [event(taskOf(WORKING))],
      [event(chunkOf('one', 'x'))],
      [event(chunkOf('two', 'x'))],
    );
    const stream = progress({ isResumed: true });
    stream.continueAfter(at(2, 1), WORKING);
    expect(stream.told).toBe(2);
    expect(tell(stream, steps)).toEqual(['two']);
  });
});

test('a sender that sees in the Task that its run is over resumes as a subscriber', () => {
  const position = sender(at(3, 1));
  const result = { generation: asGeneration(3) };
  expect(pastResult(position, result, COMPLETED).sender).toBeUndefined();
  expect(pastResult(position, result, WORKING)).toBe(position);
  expect(pastResult(position, { ...result, answer: message('m') }, COMPLETED)).toBe(position);
  expect(pastResult(position, { generation: asGeneration(2) }, COMPLETED)).toBe(position);
});
