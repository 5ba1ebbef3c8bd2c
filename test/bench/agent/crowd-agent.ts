import { TaskState } from '@a2a-js/sdk';
import {
  AgentEvent,
  type AgentExecutor,
  type ExecutionEventBus,
  type RequestContext,
} from '@a2a-js/sdk/server';
import { chunk, words } from './payload.ts';

/** An agent that works on many tasks at once and publishes on all of them on request. */
export class CrowdAgent implements AgentExecutor {
  readonly #tasks: { readonly say: () => void; readonly end: () => void }[] = [];

  readonly execute = async (request: RequestContext, bus: ExecutionEventBus): Promise<void> => {
    const { taskId, contextId, userMessage } = request;
    const say = (): void =>
      bus.publish(AgentEvent.artifactUpdate(chunk(taskId, contextId, words(64, 1), false)));
    bus.publish(
      AgentEvent.task({
        id: taskId,
        contextId,
        status: statusOf(TaskState.TASK_STATE_WORKING),
        artifacts: [],
        history: [userMessage],
        metadata: undefined,
      }),
    );
    await new Promise<void>((end) => this.#tasks.push({ say, end }));
    const status = statusOf(TaskState.TASK_STATE_COMPLETED);
    bus.publish(AgentEvent.statusUpdate({ taskId, contextId, status, metadata: undefined }));
  };

  readonly cancelTask = async (): Promise<void> => {};

  /** Publishes one chunk on every task. */
  say(): void {
    for (const { say } of this.#tasks) say();
  }

  /** Completes every task. */
  end(): void {
    for (const { end } of this.#tasks.splice(0)) end();
  }
}

function statusOf(state: TaskState) {
  return { state, message: undefined, timestamp: new Date().toISOString() };
}
