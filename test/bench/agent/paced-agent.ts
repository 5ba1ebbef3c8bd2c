import { Gate } from '@a2a-aws/testkit/fakes';
import {
  AgentEvent,
  type AgentExecutor,
  type ExecutionEventBus,
  type RequestContext,
} from '@a2a-js/sdk/server';
import { Turn } from '../../fixtures/scripted-agent.ts';
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
  readonly #begin = new Gate();

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  /** Lets all tasks continue. */
  go(): void {
    this.#begin.open();
  }

  readonly execute = async (request: RequestContext, bus: ExecutionEventBus): Promise<void> => {
    const { taskId, contextId } = request;
    const { chunks, chunkLength = KILOBYTE, pause, text } = this.#pace;
    const turn = new Turn(request, bus);
    turn.task();
    await this.#begin.opened;
    for (let at = 0; at < chunks; at += 1) {
      const content = text?.() ?? words(chunkLength, at);
      bus.publish(AgentEvent.artifactUpdate(chunk(taskId, contextId, content, at > 0)));
      await pause();
    }
    turn.status('COMPLETED');
  };

  readonly cancelTask = async (): Promise<void> => {};
}
