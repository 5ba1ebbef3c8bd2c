import type { TaskEvent } from '@a2a-aws/core';
import { deepCopy } from '@a2a-aws/core/internal';
import {
  type Message,
  type StreamResponse,
  type Task,
  TaskState,
  type TaskStatus,
} from '@a2a-js/sdk';
import { GAP_KEY, withoutKeys } from './extension.ts';

/** The frame of a whole Task. */
export function taskFrame(task: Task): StreamResponse {
  return { payload: { $case: 'task', value: { ...task, metadata: withoutKeys(task.metadata) } } };
}

/** The only frame of a stream without a task. */
export function messageFrame(message: Message): StreamResponse {
  const value = deepCopy(message);
  value.metadata = withoutKeys(value.metadata);
  return { payload: { $case: 'message', value } };
}

/** The task that updates are about. */
type Of = Pick<Task, 'id' | 'contextId'>;

/**
 * The frames of an event after the first: updates only, since a stream holds one Task (A2A 1.0, 3.1.2).
 * A whole Task that an agent publishes again becomes updates of its artifacts and its status. A Task
 * with neither becomes an update to the state that the task has, so that each event has a frame.
 */
export function eventFrames(event: TaskEvent, current: TaskState): StreamResponse[] {
  if (event.kind !== 'task') {
    const value = deepCopy(event.data);
    value.metadata = withoutKeys(value.metadata);
    return [{ payload: { $case: event.kind, value } } as StreamResponse];
  }
  const { id: taskId, contextId, artifacts, status, metadata } = event.data;
  const frames = artifacts.map(
    (artifact): StreamResponse => ({
      payload: {
        $case: 'artifactUpdate',
        value: {
          taskId,
          contextId,
          artifact: deepCopy(artifact),
          append: false,
          lastChunk: false,
          metadata: undefined,
        },
      },
    }),
  );
  if (!status && frames.length > 0) return frames;
  const known = status ? deepCopy(status) : unchanged(current);
  return [...frames, statusFrame(event.data, known, withoutKeys(metadata))];
}

/**
 * Tells a client that the events of these generations are not kept any more: an update that leaves the
 * state as it is. The current Task follows.
 */
export function gapFrame(task: Task, from: number, to: number): StreamResponse {
  const { state = TaskState.TASK_STATE_UNSPECIFIED, timestamp } = task.status ?? {};
  return statusFrame(task, { state, timestamp, message: undefined }, { [GAP_KEY]: { from, to } });
}

/** A Message that came after a Task: an update that leaves the state as it is. */
export function answerFrame(of: Of, state: TaskStatus['state'], answer: Message): StreamResponse {
  return statusFrame(of, { ...unchanged(state), message: deepCopy(answer) }, undefined);
}

function unchanged(state: TaskState): TaskStatus {
  return { state, message: undefined, timestamp: undefined };
}

function statusFrame(of: Of, status: TaskStatus, metadata: Task['metadata']): StreamResponse {
  const { id: taskId, contextId } = of;
  const copied = metadata && deepCopy(metadata);
  return {
    payload: { $case: 'statusUpdate', value: { taskId, contextId, status, metadata: copied } },
  };
}
