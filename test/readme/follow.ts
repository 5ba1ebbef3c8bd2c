import { setTimeout as sleep } from 'node:timers/promises';
import { type SendMessageRequest, type StreamResponse, TaskState } from '@a2a-js/sdk';
import type { Client } from '@a2a-js/sdk/client';
import { UnsupportedOperationError } from '@a2a-js/sdk/errors';

const ENDED: ReadonlySet<TaskState | undefined> = new Set([
  TaskState.TASK_STATE_COMPLETED,
  TaskState.TASK_STATE_FAILED,
  TaskState.TASK_STATE_CANCELED,
  TaskState.TASK_STATE_REJECTED,
  TaskState.TASK_STATE_INPUT_REQUIRED,
]);
const TRIES = 40;

/** Sends a message and follows what comes of it, whichever servers come and go meanwhile. */
export async function* follow(
  client: Pick<Client, 'sendMessageStream' | 'resubscribeTask' | 'getTask'>,
  request: SendMessageRequest,
): AsyncGenerator<StreamResponse, void, undefined> {
  const { tenant } = request;
  let id = ''; // of the task, once an event has told it
  for (let tries = 1; ; tries++) {
    try {
      const events = id
        ? client.resubscribeTask({ id, tenant })
        : client.sendMessageStream(request);
      for await (const event of events) {
        yield event; // after a break first the whole task, then what is new
        tries = 0;
        const { payload } = event;
        if (!payload || payload.$case === 'message') return;
        id = payload.$case === 'task' ? payload.value.id : payload.value.taskId;
        if (payload.$case !== 'artifactUpdate' && ENDED.has(payload.value.status?.state)) return;
      }
    } catch (error) {
      if (id && error instanceof UnsupportedOperationError) {
        const value = await client.getTask({ id, tenant }); // it has ended meanwhile
        yield { payload: { $case: 'task', value } };
        return;
      }
      if (tries >= TRIES) throw error;
    }
    await sleep(500);
  }
}
