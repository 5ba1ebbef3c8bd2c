import { type ListTasksRequest, type ListTasksResponse, Task } from '@a2a-js/sdk';
import {
  DefaultRequestHandler,
  InMemoryTaskStore,
  type ServerCallContext,
  type TaskStore,
} from '@a2a-js/sdk/server';
import { agentCard } from '../../fixtures/agent-card.ts';
import { callContext, send } from '../../fixtures/requests.ts';
import { type Script, StagedAgent } from '../agent/staged-agent.ts';

/** Measures the task saves of the SDK's own handler, as the JSON that a store would write. */
export async function wholeTaskSaves(
  script: Script,
): Promise<{ eventBytes: number; parts: { saves: number } }> {
  const store = new SizingTaskStore();
  let played: Promise<unknown> = Promise.resolve();
  const agent: StagedAgent = new StagedAgent(() => {
    played = agent.play(script);
  });
  const handler = new DefaultRequestHandler(agentCard('http://127.0.0.1'), store, agent);
  await handler.sendMessage(send('Begin.'), callContext());
  await played;
  return { eventBytes: agent.eventBytes(), parts: { saves: store.bytes } };
}

class SizingTaskStore implements TaskStore {
  readonly #store = new InMemoryTaskStore();
  bytes = 0;

  save(task: Task, context: ServerCallContext): Promise<void> {
    this.bytes += Buffer.byteLength(JSON.stringify(Task.toJSON(task)));
    return this.#store.save(task, context);
  }

  load(taskId: string, context: ServerCallContext): Promise<Task | undefined> {
    return this.#store.load(taskId, context);
  }

  list(params: ListTasksRequest, context: ServerCallContext): Promise<ListTasksResponse> {
    return this.#store.list(params, context);
  }
}
