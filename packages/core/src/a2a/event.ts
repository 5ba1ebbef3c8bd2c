import {
  Message,
  Task,
  TaskArtifactUpdateEvent,
  TaskState,
  TaskStatusUpdateEvent,
} from '@a2a-js/sdk';
import { BackendError } from '../errors.ts';

/**
 * An A2A stream event, which a task's log numbers. A bare Message is not one, because it answers
 * its run.
 */
export type TaskEvent =
  | { readonly kind: 'task'; readonly data: Task }
  | { readonly kind: 'statusUpdate'; readonly data: TaskStatusUpdateEvent }
  | { readonly kind: 'artifactUpdate'; readonly data: TaskArtifactUpdateEvent };

/**
 * Returns true for an event of a kind that this release knows, whatever its content. Never throws.
 */
export function isTaskEvent(value: unknown): value is TaskEvent {
  try {
    const { kind, data } = value as TaskEvent;
    const isKnown = kind === 'task' || kind === 'statusUpdate' || kind === 'artifactUpdate';
    return isKnown && typeof data === 'object' && data !== null;
  } catch {
    return false;
  }
}

/** Returns true if a task never changes after this state (A2A §4.1.3). */
export function isTerminal(state: TaskState | undefined): boolean {
  return (
    state === TaskState.TASK_STATE_COMPLETED ||
    state === TaskState.TASK_STATE_FAILED ||
    state === TaskState.TASK_STATE_CANCELED ||
    state === TaskState.TASK_STATE_REJECTED
  );
}

/** Returns true if a task in this state waits for its client: for input, or for credentials. */
export function isInterrupted(state: TaskState | undefined): boolean {
  return (
    state === TaskState.TASK_STATE_INPUT_REQUIRED || state === TaskState.TASK_STATE_AUTH_REQUIRED
  );
}

/** Returns the id of the event's task. */
export function eventTaskId(event: TaskEvent): string {
  return event.kind === 'task' ? event.data.id : event.data.taskId;
}

/** Returns the status that an event sets; `undefined` if it sets none. */
export function eventStatus(event: TaskEvent): Task['status'] {
  return event.kind === 'artifactUpdate' ? undefined : event.data.status;
}

/** Returns A2A's own JSON of an event: one key names the kind, as in a StreamResponse. */
export function eventToJson(event: TaskEvent): unknown {
  switch (event.kind) {
    case 'task':
      return { task: Task.toJSON(event.data) };
    case 'statusUpdate':
      return { statusUpdate: TaskStatusUpdateEvent.toJSON(event.data) };
    case 'artifactUpdate':
      return { artifactUpdate: TaskArtifactUpdateEvent.toJSON(event.data) };
  }
}

/** Returns the event that {@link eventToJson} wrote. Throws `corrupt-log` for anything else. */
export function eventFromJson(json: unknown): TaskEvent {
  if (typeof json === 'object' && json !== null) {
    if ('task' in json) return { kind: 'task', data: Task.fromJSON(json.task) };
    if ('statusUpdate' in json) {
      return { kind: 'statusUpdate', data: TaskStatusUpdateEvent.fromJSON(json.statusUpdate) };
    }
    if ('artifactUpdate' in json) {
      return {
        kind: 'artifactUpdate',
        data: TaskArtifactUpdateEvent.fromJSON(json.artifactUpdate),
      };
    }
  }
  throw new BackendError('corrupt-log', 'An event of an unknown kind is in the log.');
}

/** Returns an agent's message with a fixed text, as in the backend's own status messages. */
export function agentMessage(id: string, taskId: string, contextId: string, text: string): Message {
  return Message.fromJSON({
    messageId: id,
    taskId,
    contextId,
    role: 'ROLE_AGENT',
    parts: [{ text }],
  });
}
