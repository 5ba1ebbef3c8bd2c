import { setTimeout as sleep } from 'node:timers/promises';
import { Task, TaskArtifactUpdateEvent, TaskStatusUpdateEvent } from '@a2a-js/sdk';
import { AgentEvent, type AgentExecutor } from '@a2a-js/sdk/server';
import { runContext } from 'a2a-aws';

/** The agent under test: writes as many verses as the message says, and stops when it must. */
export const executor: AgentExecutor = {
  async execute(request, bus) {
    const { taskId, contextId, userMessage } = request;
    const signal = runContext(request)?.signal; // aborts if any instance cancels the task
    const content = userMessage.parts[0]?.content;
    const verses = content?.$case === 'text' ? Number(content.value) : 1;

    const status = { state: 'TASK_STATE_WORKING' };
    bus.publish(AgentEvent.task(Task.fromJSON({ id: taskId, contextId, status })));
    for (let verse = 1; verse <= verses && !signal?.aborted; verse += 1) {
      const artifact = { artifactId: 'poem', parts: [{ text: `Verse ${verse}\n` }] };
      const event = { taskId, contextId, artifact, append: verse > 1 };
      bus.publish(AgentEvent.artifactUpdate(TaskArtifactUpdateEvent.fromJSON(event)));
      await sleep(10);
    }
    const state = signal?.aborted ? 'TASK_STATE_CANCELED' : 'TASK_STATE_COMPLETED';
    const end = { taskId, contextId, status: { state, timestamp: new Date().toISOString() } };
    bus.publish(AgentEvent.statusUpdate(TaskStatusUpdateEvent.fromJSON(end)));
  },

  // The signal of the run ends the work, wherever the cancel was asked for.
  async cancelTask() {},
};
