import { randomUUID } from 'node:crypto';
import { AgentCard, Task, TaskArtifactUpdateEvent, TaskStatusUpdateEvent } from '@a2a-js/sdk';
import { AgentEvent, type AgentExecutor } from '@a2a-js/sdk/server';

/** The agent of the examples: completes each task with the parts of the message that began it. */
export const executor: AgentExecutor = {
  async execute({ taskId, contextId, userMessage }, bus) {
    const status = { state: 'TASK_STATE_WORKING' };
    bus.publish(AgentEvent.task(Task.fromJSON({ id: taskId, contextId, status })));

    const artifact = { artifactId: randomUUID(), name: 'echo' };
    const event = TaskArtifactUpdateEvent.fromJSON({
      taskId,
      contextId,
      artifact,
      lastChunk: true,
    });
    if (event.artifact) event.artifact.parts = userMessage.parts;
    bus.publish(AgentEvent.artifactUpdate(event));

    const done = { state: 'TASK_STATE_COMPLETED', timestamp: new Date().toISOString() };
    bus.publish(
      AgentEvent.statusUpdate(TaskStatusUpdateEvent.fromJSON({ taskId, contextId, status: done })),
    );
  },

  // This agent is done at once. An agent that works for a while stops its work here.
  async cancelTask() {},
};

/** Returns the card of an agent that is reached at these URLs, by binding. */
export function agentCard(urls: Readonly<Record<string, string>>): AgentCard {
  return AgentCard.fromJSON({
    name: 'Echo',
    description: 'Returns the message that it was sent.',
    version: '1.0.0',
    capabilities: { streaming: true },
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    supportedInterfaces: Object.entries(urls).map(([protocolBinding, url]) => ({
      url,
      protocolBinding,
      protocolVersion: '1.0',
    })),
  });
}
