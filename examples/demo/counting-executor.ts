import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Message, Task, type TaskArtifactUpdateEvent, TaskState } from '@a2a-js/sdk';
import {
  AgentEvent,
  type AgentExecutor,
  type ExecutionEventBus,
  type RequestContext,
} from '@a2a-js/sdk/server';
import { WaitingRuns } from './waiting-runs.ts';

/** The order in a message: its first number, its second and its third, in any words. */
interface Order {
  readonly chunks: number;
  readonly everyMs: number;
  /** The number of chunks before the agent waits for another message. @default it does not wait */
  readonly beforeWait: number | undefined;
}

/**
 * An agent that counts. To "20 chunks, 100 ms apart" it streams one artifact of 20 numbered parts,
 * `chunk 0` to `chunk 19`. The metadata of each chunk says when it was sent (`sentAt`, milliseconds
 * since the epoch), that of the last status how many were (`sent`). To "20 chunks, 100 ms apart, with a
 * wait after 10" it stops after `chunk 9`, until any other message to the task arrives.
 */
export default class CountingExecutor implements AgentExecutor {
  readonly #running = new Map<string, AbortController>();
  readonly #waiting = new WaitingRuns();

  readonly execute = async (request: RequestContext, bus: ExecutionEventBus): Promise<void> => {
    const { taskId, contextId, userMessage } = request;
    if (this.#waiting.goOn(taskId)) return;
    const stop = new AbortController();
    this.#running.set(taskId, stop);
    const { chunks, everyMs, beforeWait } = orderOf(userMessage);
    const working = { state: 'TASK_STATE_WORKING', timestamp: new Date().toISOString() };
    bus.publish(AgentEvent.task(Task.fromJSON({ id: taskId, contextId, status: working })));
    let sent = 0;
    for (; sent < chunks; sent += 1) {
      if (sent === beforeWait) await this.#waiting.wait(taskId);
      await sleep(everyMs, undefined, { signal: stop.signal }).catch(() => {});
      if (stop.signal.aborted) break;
      const isLast = sent === chunks - 1;
      bus.publish(AgentEvent.artifactUpdate(chunkEvent(taskId, contextId, sent, isLast)));
    }
    this.#running.delete(taskId);
    const state = stop.signal.aborted
      ? TaskState.TASK_STATE_CANCELED
      : TaskState.TASK_STATE_COMPLETED;
    const status = { state, timestamp: new Date().toISOString(), message: says(sent) };
    bus.publish(AgentEvent.statusUpdate({ taskId, contextId, status, metadata: { sent } }));
  };

  readonly cancelTask = async (taskId: string): Promise<void> => {
    this.#running.get(taskId)?.abort();
    this.#waiting.goOn(taskId);
  };
}

/** Returns the order in a message. */
export function orderOf(message: Message): Order {
  const text = message.parts
    .map(({ content }) => (content?.$case === 'text' ? content.value : ''))
    .join(' ');
  const [chunks = 10, everyMs = 100, beforeWait] = [...text.matchAll(/\d+/g)].map(Number);
  return { chunks, everyMs, beforeWait };
}

/** The event that appends one numbered part to the artifact. */
export function chunkEvent(
  taskId: string,
  contextId: string,
  index: number,
  lastChunk: boolean,
): TaskArtifactUpdateEvent {
  const content = { $case: 'text' as const, value: `chunk ${index}` };
  const part = { content, metadata: undefined, filename: '', mediaType: 'text/plain' };
  return {
    taskId,
    contextId,
    artifact: {
      artifactId: 'count',
      name: 'count',
      description: '',
      parts: [part],
      metadata: undefined,
      extensions: [],
    },
    append: index > 0,
    lastChunk,
    metadata: { sentAt: Date.now() },
  };
}

function says(sent: number): Message {
  return Message.fromJSON({
    messageId: randomUUID(),
    role: 'ROLE_AGENT',
    parts: [{ text: `sent ${sent} chunks` }],
  });
}
