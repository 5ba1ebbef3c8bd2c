import { createHash } from 'node:crypto';
import { type CursorStore, resumable } from '@a2a-aws/client';
import { type SendMessageRequest, type StreamResponse, TaskState } from '@a2a-js/sdk';
import type { Client } from '@a2a-js/sdk/client';
import {
  AgentEvent,
  type AgentExecutor,
  type ExecutionEventBus,
  type RequestContext,
} from '@a2a-js/sdk/server';
import { runContext } from 'a2a-aws';
import { ownEvent, type Place, placeIn } from './own-event.ts';

/** Forwards each message to an agent, and publishes the agent's events as those of the proxy's task. */
export class ForwardingExecutor implements AgentExecutor {
  readonly #agent: Client;
  /** The messages that this process forwards, by the proxy's task. */
  readonly #forwards = new Map<string, Forward>();

  constructor(agent: Client) {
    this.#agent = agent;
  }

  execute = async (request: RequestContext, bus: ExecutionEventBus): Promise<void> => {
    const forward = new Forward(this.#agent, request, bus);
    this.#forwards.set(request.taskId, forward);
    try {
      await forward.run();
    } finally {
      this.#forwards.delete(request.taskId);
    }
  };

  cancelTask = async (taskId: string): Promise<void> => {
    await this.#forwards.get(taskId)?.cancel();
  };
}

/** One message to the agent, and its answer. */
class Forward {
  readonly #agent: Client;
  readonly #request: RequestContext;
  readonly #bus: ExecutionEventBus;
  readonly #leaving = new AbortController();
  #place: Place | undefined;

  constructor(agent: Client, request: RequestContext, bus: ExecutionEventBus) {
    this.#agent = agent;
    this.#request = request;
    this.#bus = bus;
    this.#place = placeIn(request.task);
  }

  /** Resolves at the end of the agent's answer. */
  async run(): Promise<void> {
    let event: StreamResponse | undefined;
    // An event and the place after it are one event of the proxy's task. A process that is killed has
    // therefore published both or none, and the next execution forwards each event once.
    const store: CursorStore = {
      get: async (key) => (this.#place?.key === key ? this.#place.position : undefined),
      set: async (key, position) => {
        if (event) await this.#publish(event, key, position);
        event = undefined;
      },
      delete: async () => {},
    };
    const stream = resumable(this.#agent, { store }).sendMessageStream(this.#message(), {
      signal: this.#leaving.signal,
    });
    for await (const next of stream) event = next;
  }

  /** Cancels the agent's task if a client has canceled the proxy's task. */
  async cancel(): Promise<void> {
    const { taskId, contextId } = this.#request;
    const state = TaskState.TASK_STATE_WORKING;
    const status = { state, message: undefined, timestamp: new Date().toISOString() };
    this.#bus.publish(AgentEvent.statusUpdate({ taskId, contextId, status, metadata: {} }));
    try {
      await runContext(this.#request)?.flush();
    } catch {
      // The task continues in another process, or has ended. This process only stops.
      this.#leaving.abort();
      return;
    }
    if (!this.#place) return this.#leaving.abort();
    // The agent's CANCELED comes through its stream.
    await this.#agent.cancelTask({ tenant: '', id: this.#place.taskId, metadata: undefined });
  }

  async #publish(event: StreamResponse, key: string, position: string): Promise<void> {
    const { payload } = event;
    const about =
      payload?.$case === 'task' ? { ...payload.value, taskId: payload.value.id } : payload?.value;
    const { taskId = '', contextId = '' } = about ?? {};
    this.#place = { key, position, taskId, contextId };
    const own = ownEvent(event, this.#request, this.#place);
    if (own) this.#bus.publish(own);
    await runContext(this.#request)?.flush();
  }

  /** Returns the message to the agent: the same one if it is executed again. */
  #message(): SendMessageRequest {
    const { userMessage, taskId } = this.#request;
    const { taskId: agentTask = '', contextId = '' } = this.#place ?? {};
    const messageId = uuidOf(`${taskId} ${userMessage.messageId}`);
    return {
      tenant: '',
      // A message that is executed again began the agent's task, or continued it, as before.
      message: { ...userMessage, messageId, taskId: agentTask, contextId },
      configuration: undefined,
      metadata: undefined,
    };
  }
}

/** Returns a UUID that is the same for the same text. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
