import { Task, TaskArtifactUpdateEvent, TaskStatusUpdateEvent } from '@a2a-js/sdk';
import {
  AgentEvent,
  type AgentExecutor,
  type ExecutionEventBus,
  type RequestContext,
} from '@a2a-js/sdk/server';

/**
 * An agent that counts. For "20 chunks, 50 ms apart" it streams one artifact with the parts `0` to
 * `19`, after a pause each, and completes its task. With "4 at a time" it pauses only before every
 * fourth chunk. On a cancel it publishes CANCELED.
 */
export default class ChaosAgent implements AgentExecutor {
  readonly #canceled = new Set<string>();

  readonly execute = async (request: RequestContext, bus: ExecutionEventBus): Promise<void> => {
    const { taskId, contextId } = request;
    const content = request.userMessage.parts[0]?.content;
    const order = content?.$case === 'text' ? content.value : '';
    const [chunks = 0, pauseMs = 0, burst = 1] = [...order.matchAll(/\d+/g)].map(Number);
    const status = (state: string) => ({ state, timestamp: new Date().toISOString() });
    bus.publish(
      AgentEvent.task(
        Task.fromJSON({ id: taskId, contextId, status: status('TASK_STATE_WORKING') }),
      ),
    );
    for (let at = 0; at < chunks && !this.#canceled.has(taskId); at += 1) {
      if (at % burst === 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
      const artifact = { artifactId: 'count', parts: [{ text: `${at}` }] };
      bus.publish(
        AgentEvent.artifactUpdate(
          TaskArtifactUpdateEvent.fromJSON({ taskId, contextId, artifact, append: at > 0 }),
        ),
      );
    }
    const end = this.#canceled.delete(taskId) ? 'TASK_STATE_CANCELED' : 'TASK_STATE_COMPLETED';
    bus.publish(
      AgentEvent.statusUpdate(
        TaskStatusUpdateEvent.fromJSON({ taskId, contextId, status: status(end) }),
      ),
    );
  };

  readonly cancelTask = async (taskId: string): Promise<void> => {
    this.#canceled.add(taskId);
  };
}
