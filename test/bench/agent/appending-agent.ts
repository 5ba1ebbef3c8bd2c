import { type Artifact, type TaskArtifactUpdateEvent, TaskState } from '@a2a-js/sdk';
import {
  AgentEvent,
  type AgentExecutionEvent,
  type AgentExecutor,
  type ExecutionEventBus,
  type RequestContext,
} from '@a2a-js/sdk/server';
import { chunk } from './payload.ts';

export interface AppendScript {
  /** The number of chunks that the task begins with. */
  readonly before: number;
  readonly chunks: number;
  readonly text: (at: number) => string;
  /** Resolves when the next published event has been handled. */
  readonly settled: (bus: ExecutionEventBus) => Promise<void>;
  /** Called before each chunk, with its number, and after the last. */
  readonly mark: (at: number) => void;
}

/** An agent that appends chunks to an artifact, each after the one before it has been handled. */
export class AppendingAgent implements AgentExecutor {
  readonly #script: AppendScript;

  constructor(script: AppendScript) {
    this.#script = script;
  }

  readonly execute = async (request: RequestContext, bus: ExecutionEventBus): Promise<void> => {
    const { taskId, contextId, userMessage } = request;
    const { before, chunks, text, settled, mark } = this.#script;
    const publish = async (event: AgentExecutionEvent): Promise<void> => {
      const done = settled(bus);
      bus.publish(event);
      await done;
      // Also waits for other work that the chunk has started.
      await new Promise((resolve) => setImmediate(resolve));
    };
    const part = (at: number): TaskArtifactUpdateEvent =>
      chunk(taskId, contextId, text(at), at > 0);
    const parts = Array.from({ length: before }, (_, at) => part(at).artifact?.parts ?? []).flat();
    await publish(
      AgentEvent.task({
        id: taskId,
        contextId,
        status: status(TaskState.TASK_STATE_WORKING),
        artifacts: before > 0 ? [{ ...artifactOf(part(0)), parts }] : [],
        history: [userMessage],
        metadata: undefined,
      }),
    );
    for (let at = before; at < before + chunks; at += 1) {
      mark(at);
      await publish(AgentEvent.artifactUpdate(part(at)));
    }
    mark(before + chunks);
    const completed = status(TaskState.TASK_STATE_COMPLETED);
    bus.publish(
      AgentEvent.statusUpdate({ taskId, contextId, status: completed, metadata: undefined }),
    );
    bus.finished();
  };

  readonly cancelTask = async (): Promise<void> => {};
}

function artifactOf({ artifact }: TaskArtifactUpdateEvent): Artifact {
  if (!artifact) throw new Error('A chunk has an artifact.');
  return artifact;
}

function status(state: TaskState) {
  return { state, message: undefined, timestamp: new Date().toISOString() };
}
