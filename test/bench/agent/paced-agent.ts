import { TaskState } from '@a2a-js/sdk';
import {
  AgentEvent,
  type AgentExecutor,
  type ExecutionEventBus,
  type RequestContext,
} from '@a2a-js/sdk/server';
import { chunk, KILOBYTE, words } from './payload.ts';

export interface Pace {
  /** Chunks … */
  readonly chunks: number;
  /** The characters of text in each. @default 1,024 */
  readonly chunkLength?: number;
  /** … after each of which this is awaited. */
  readonly pause: () => Promise<void>;
  /** Returns the text of a chunk. @default words */
  readonly text?: (() => string) | undefined;
}

/**
 * An agent that waits for {@link go}, then publishes chunks at an even pace and completes its task.
 */
export class PacedAgent implements AgentExecutor {
  readonly #pace: Pace;
  #go: () => void = () => {};
  readonly #begin: Promise<void> = new Promise((go) => {
    this.#go = go;
  });

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  /** Lets all tasks continue. */
  go(): void {
    this.#go();
  }

  readonly execute = async (request: RequestContext, bus: ExecutionEventBus): Promise<void> => {
    const { taskId, contextId, userMessage } = request;
    const { chunks, chunkLength = KILOBYTE, pause, text } = this.#pace;
    const working = { id: taskId, contextId, status: status(TaskState.TASK_STATE_WORKING) };
    const task = { ...working, artifacts: [], history: [userMessage], metadata: undefined };
    bus.publish(AgentEvent.task(task));
    await this.#begin;
    for (let at = 0; at < chunks; at += 1) {
      const content = text?.() ?? words(chunkLength, at);
      bus.publish(AgentEvent.artifactUpdate(chunk(taskId, contextId, content, at > 0)));
      await pause();
    }
    const completed = status(TaskState.TASK_STATE_COMPLETED);
    bus.publish(
      AgentEvent.statusUpdate({ taskId, contextId, status: completed, metadata: undefined }),
    );
  };

  readonly cancelTask = async (): Promise<void> => {};
}

function status(state: TaskState) {
  return { state, message: undefined, timestamp: new Date().toISOString() };
}
