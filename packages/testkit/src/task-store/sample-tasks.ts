import {
  type Artifact,
  ListTasksRequest,
  type ListTasksResponse,
  Message,
  type Part,
  Task,
  TaskState,
} from '@a2a-js/sdk';
import type { ServerCallContext, TaskStore } from '@a2a-js/sdk/server';

export const WORKING: TaskState = TaskState.TASK_STATE_WORKING;
export const COMPLETED: TaskState = TaskState.TASK_STATE_COMPLETED;
export const FAILED: TaskState = TaskState.TASK_STATE_FAILED;
export const INPUT_REQUIRED: TaskState = TaskState.TASK_STATE_INPUT_REQUIRED;

/** A moment, in ISO 8601, `n` seconds after a fixed one. */
export function second(n: number): string {
  return new Date(1_767_225_600_000 + n * 1000).toISOString();
}

export function messageOf(messageId: string, text: string = messageId): Message {
  return Message.fromJSON({
    messageId,
    taskId: 'task-1',
    contextId: 'context-1',
    role: 'ROLE_USER',
    parts: [{ text }],
  });
}

export function textPart(value: string): Part {
  return {
    content: { $case: 'text', value },
    metadata: undefined,
    filename: '',
    mediaType: 'text/plain',
  };
}

export function artifactOf(artifactId: string, ...texts: readonly string[]): Artifact {
  return {
    artifactId,
    name: '',
    description: '',
    metadata: undefined,
    extensions: [],
    parts: texts.map(textPart),
  };
}

/** A task with one message. */
export function taskOf(id: string, state: TaskState = WORKING, timestamp?: string): Task {
  return {
    ...Task.fromJSON({ id, contextId: 'context-1' }),
    status: { state, message: undefined, timestamp: timestamp ?? second(0) },
    history: [messageOf('m1')],
  };
}

/** The task with another status, as a handler saves it. */
export function withState(task: Task, state: TaskState, timestamp: string = second(1)): Task {
  return { ...task, status: { state, message: undefined, timestamp } };
}

/** A task that uses every field there is. */
export function fullTask(id: string): Task {
  const said: Message = {
    messageId: 'said',
    contextId: 'context-1',
    taskId: id,
    role: 2,
    parts: [textPart('said')],
    metadata: { of: 'the message' },
    extensions: ['https://example.org/extension'],
    referenceTaskIds: ['task-0'],
  };
  return {
    id,
    contextId: 'context-1',
    status: { state: INPUT_REQUIRED, message: said, timestamp: second(3) },
    history: [messageOf('m1'), messageOf('m2'), said],
    artifacts: [
      {
        artifactId: 'a1',
        name: 'name',
        description: 'description',
        metadata: { nested: { list: [1, 'two', null, { three: true }] } },
        extensions: ['https://example.org/extension'],
        parts: [
          { ...textPart('text'), metadata: { of: 'the part' }, filename: 'file.txt' },
          { ...textPart(''), content: { $case: 'url', value: 'https://example.org/?a=b#c' } },
          { ...textPart(''), content: { $case: 'data', value: { a: [1.5, -1, false] } } },
        ],
      },
      artifactOf('a2'),
    ],
    metadata: { key: 'value', none: null, number: 12_345.678 },
  };
}

/** A request for a list; without fields for the first page of everything. */
export function listRequest(fields: Partial<ListTasksRequest> = {}): ListTasksRequest {
  return { ...ListTasksRequest.fromJSON({}), ...fields };
}

/** Every page of a list; `between` is called after each. */
export async function allPages(
  store: TaskStore,
  context: ServerCallContext,
  fields: Partial<ListTasksRequest>,
  between: () => Promise<void> = async () => {},
): Promise<ListTasksResponse[]> {
  const pages: ListTasksResponse[] = [];
  for (let pageToken = ''; pages.length === 0 || pageToken !== ''; ) {
    const page = await store.list(listRequest({ ...fields, pageToken }), context);
    pages.push(page);
    pageToken = page.nextPageToken;
    if (pageToken !== '') await between();
    if (pages.length > 1000) throw new Error('A list without an end.');
  }
  return pages;
}

export function idsOf(...pages: readonly ListTasksResponse[]): string[] {
  return pages.flatMap((page) => page.tasks.map(({ id }) => id));
}
