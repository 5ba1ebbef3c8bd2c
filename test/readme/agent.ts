import { AgentCard, Task, TaskState } from '@a2a-js/sdk';
import { AgentEvent, type AgentExecutor } from '@a2a-js/sdk/server';

const base = `http://127.0.0.1:${process.env.PORT}/a2a`;

export const agentCard: AgentCard = AgentCard.fromJSON({
  name: 'Echo',
  description: 'Says what it was told.',
  version: '1.0.0',
  capabilities: { streaming: true },
  supportedInterfaces: [
    { url: `${base}/jsonrpc`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
    { url: `${base}/rest`, protocolBinding: 'HTTP+JSON', protocolVersion: '1.0' },
  ],
});

export const executor: AgentExecutor = {
  async execute({ taskId, contextId, userMessage }, bus) {
    bus.publish(
      AgentEvent.task(
        Task.fromJSON({ id: taskId, contextId, status: { state: 'TASK_STATE_WORKING' } }),
      ),
    );
    bus.publish(
      AgentEvent.artifactUpdate({
        taskId,
        contextId,
        artifact: {
          artifactId: 'echo',
          name: '',
          description: '',
          parts: userMessage.parts,
          metadata: undefined,
          extensions: [],
        },
        append: false,
        lastChunk: true,
        metadata: undefined,
      }),
    );
    bus.publish(
      AgentEvent.statusUpdate({
        taskId,
        contextId,
        status: {
          state: TaskState.TASK_STATE_COMPLETED,
          message: undefined,
          timestamp: new Date().toISOString(),
        },
        metadata: undefined,
      }),
    );
  },
  async cancelTask() {},
};
