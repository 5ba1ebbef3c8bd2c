import {
  AgentEvent,
  type AgentExecutor,
  type ExecutionEventBus,
  type RequestContext,
} from '@a2a-js/sdk/server';
import { Turn } from '../../fixtures/scripted-agent.ts';
import { chunk, words } from './payload.ts';

/** The characters of a chunk. */
const TEXT = 200;

/** A task of the agent, which the benchmark continues. */
export interface DirectedTask {
  readonly taskId: string;
  /** Publishes chunks, and resolves when they are durable. */
  publish(chunks: number): Promise<void>;
  /** Completes the task. */
  complete(): void;
}

/** An agent that begins a task for each message, and publishes what the benchmark says. */
export class DirectedAgent implements AgentExecutor {
  readonly #begun: (task: DirectedTask) => void;

  constructor(begun: (task: DirectedTask) => void) {
    this.#begun = begun;
  }

  readonly execute = async (request: RequestContext, bus: ExecutionEventBus): Promise<void> => {
    const { taskId, contextId } = request;
    const turn = new Turn(request, bus);
    const { run } = turn;
    let published = 0;
    turn.task();
    // Other instances find the task once it is durable.
    await run.flush();
    return new Promise((resolve) => {
      this.#begun({
        taskId,
        publish: async (chunks) => {
          for (let at = 0; at < chunks; at += 1) {
            const append = published > 0;
            bus.publish(
              AgentEvent.artifactUpdate(chunk(taskId, contextId, words(TEXT, published), append)),
            );
            published += 1;
          }
          await run.flush();
        },
        complete: () => {
          turn.status('COMPLETED');
          resolve();
        },
      });
    });
  };

  readonly cancelTask = async (): Promise<void> => {};
}
