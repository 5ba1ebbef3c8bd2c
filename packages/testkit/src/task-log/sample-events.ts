import type { LogRecord, TaskEvent } from '@a2a-aws/core';
import { TaskArtifactUpdateEvent, TaskState, TaskStatusUpdateEvent } from '@a2a-js/sdk';
import { artifactOf, taskOf, textPart } from '../task-store/sample-tasks.ts';

export const COMPLETED: TaskState = TaskState.TASK_STATE_COMPLETED;
export const FAILED: TaskState = TaskState.TASK_STATE_FAILED;
export const INPUT_REQUIRED: TaskState = TaskState.TASK_STATE_INPUT_REQUIRED;

/** The first event of the task. */
export const opening: TaskEvent = {
  kind: 'task',
  data: { ...taskOf('task-1'), history: [] },
};

/** Returns a status update of the task. */
export function status(state: TaskState): TaskEvent {
  return {
    kind: 'statusUpdate',
    data: {
      ...TaskStatusUpdateEvent.fromJSON({ taskId: 'task-1', contextId: 'context-1' }),
      status: { state, message: undefined, timestamp: '2026-01-01T00:00:00.000Z' },
    },
  };
}

/** Returns an artifact update of the task. */
export function chunk(artifactId: string, text: string = artifactId, append = false): TaskEvent {
  return {
    kind: 'artifactUpdate',
    data: {
      ...TaskArtifactUpdateEvent.fromJSON({ taskId: 'task-1', contextId: 'context-1' }),
      artifact: { ...artifactOf(artifactId), parts: [textPart(text)] },
      append,
    },
  };
}

/** Returns the artifact ids of the chunks in a log, in its order. */
export function chunkIds(records: readonly LogRecord[]): string[] {
  return records
    .flatMap(({ entries }) => entries)
    .flatMap((entry) =>
      entry.kind === 'event' && entry.event.kind === 'artifactUpdate'
        ? (entry.event.data.artifact?.artifactId ?? [])
        : [],
    );
}
