import {
  AgentEvent,
  type AgentExecutor,
  type ExecutionEventBus,
  type RequestContext,
} from '@a2a-js/sdk/server';
import { Turn } from '../../fixtures/scripted-agent.ts';
import { chunk, words } from './payload.ts';

/** An agent that works on many tasks at once and publishes on all of them on request. */
export class CrowdAgent implements AgentExecutor {
  readonly #tasks: { readonly say: () => void; readonly end: () => void }[] = [];

  readonly execute = async (request: RequestContext, bus: ExecutionEventBus): Promise<void> => {
    const { taskId, contextId } = request;
    const say = (): void =>
      bus.publish(AgentEvent.artifactUpdate(chunk(taskId, contextId, words(64, 1), false)));
    const turn = new Turn(request, bus);
    turn.task();
    await new Promise<void>((end) => this.#tasks.push({ say, end }));
    turn.status('COMPLETED');
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
