import {
  AgentCard,
  type ListTasksRequest,
  SendMessageRequest,
  type Task,
  type TaskState,
} from '@a2a-js/sdk';
import { RequestMalformedError } from '@a2a-js/sdk/errors';
import { AgentEvent, type AgentExecutor, DefaultRequestHandler } from '@a2a-js/sdk/server';
import { describe, expect, test } from 'vitest';
import { callContext } from '../call-context.ts';
import {
  artifactOf,
  COMPLETED,
  INPUT_REQUIRED,
  listRequest,
  taskOf,
  WORKING,
} from './sample-tasks.ts';
import type { TaskStoreTests } from './task-store-under-test.ts';

const CARD = AgentCard.fromJSON({
  name: 'Agent',
  description: 'An agent.',
  version: '1.0.0',
  capabilities: {},
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain'],
});

/** Answers the first message with a question, the next with an end. */
const executor: AgentExecutor = {
  execute: async ({ taskId, contextId, userMessage, task }, bus) => {
    const status = (state: typeof WORKING) => ({
      state,
      message: undefined,
      timestamp: new Date().toISOString(),
    });
    if (!task) {
      const opened = { ...taskOf(taskId), contextId, status: status(WORKING) };
      bus.publish(AgentEvent.task({ ...opened, history: [userMessage] }));
    }
    bus.publish(
      AgentEvent.artifactUpdate({
        taskId,
        contextId,
        artifact: artifactOf('a', task ? 'second' : 'first'),
        append: task !== undefined,
        lastChunk: task !== undefined,
        metadata: undefined,
      }),
    );
    const state = task ? COMPLETED : INPUT_REQUIRED;
    bus.publish(
      AgentEvent.statusUpdate({ taskId, contextId, status: status(state), metadata: undefined }),
    );
    bus.finished();
  },
  cancelTask: async () => {},
};

const message = (messageId: string, task?: Task): SendMessageRequest =>
  SendMessageRequest.fromJSON({
    message: {
      messageId,
      role: 'ROLE_USER',
      parts: [{ text: messageId }],
      ...(task && { taskId: task.id, contextId: task.contextId }),
    },
  });

/** The store in the SDK's own handler. */
export function handlers({ open }: TaskStoreTests): void {
  describe("in the SDK's handler", () => {
    const handler = (): DefaultRequestHandler => new DefaultRequestHandler(CARD, open(), executor);

    test('a conversation continues, on every instance', async () => {
      const [one, other] = [handler(), handler()];
      const asked = await one.sendMessage(message('first'), callContext());
      if (!('status' in asked)) throw new Error('There is no task.');
      expect(asked.status?.state).toBe(INPUT_REQUIRED);
      const request = { id: asked.id, tenant: '' };
      expect(await other.getTask(request, callContext())).toEqual(asked);
      const ended = await other.sendMessage(message('second', asked), callContext());
      const task = await one.getTask(request, callContext());
      expect(task).toEqual(ended);
      expect(task.status?.state).toBe(COMPLETED);
      expect(task.history.map(({ messageId }) => messageId)).toEqual(['first', 'second']);
      expect(task.artifacts).toEqual([artifactOf('a', 'first', 'second')]);
      const page = await other.listTasks(listRequest({ historyLength: 1 }), callContext());
      expect(page).toMatchObject({ totalSize: 1, nextPageToken: '' });
      const [listed] = page.tasks;
      expect(listed).toEqual({ ...task, artifacts: [], history: task.history.slice(1) });
    });

    test.each<[string, Partial<ListTasksRequest>]>([
      ['no page', { pageSize: 0 }],
      ['a page that is too large', { pageSize: 101 }],
      ['half a task', { pageSize: 1.5 }],
      ['a state that is none', { status: 77 as TaskState }],
      ['a time that is none', { statusTimestampAfter: 'yesterday' }],
      ['a page token that is none', { pageToken: 'page 2' }],
    ])('a list is refused for %s', async (_, request) => {
      await open().save(taskOf('task-1'), callContext());
      const refused = expect.toSatisfy((error) => error instanceof RequestMalformedError);
      await expect(handler().listTasks(listRequest(request), callContext())).rejects.toEqual(
        refused,
      );
    });
  });
}
