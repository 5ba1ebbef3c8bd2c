import { setTimeout as sleep } from 'node:timers/promises';
import { Task, TaskState } from '@a2a-js/sdk';
import { AgentEvent, type AgentExecutor } from '@a2a-js/sdk/server';

const canceled = new Set<string>();

/** Counts up to the number that it is sent, until it is told to stop. */
const agent: AgentExecutor = {
  async execute({ taskId, contextId, userMessage }, bus) {
    const end = (state: TaskState): void => {
      const status = { state, message: undefined, timestamp: new Date().toISOString() };
      bus.publish(AgentEvent.statusUpdate({ taskId, contextId, status, metadata: undefined }));
    };
    const status = { state: 'TASK_STATE_WORKING' };
    bus.publish(AgentEvent.task(Task.fromJSON({ id: taskId, contextId, status })));
    const { content } = userMessage.parts[0] ?? {};
    const chunks = content?.$case === 'text' ? Number(content.value) : 0;
    for (let n = 0; n < chunks; n += 1) {
      await sleep(50);
      if (canceled.has(taskId)) return end(TaskState.TASK_STATE_CANCELED);
      const part = { filename: '', mediaType: '', metadata: undefined };
      bus.publish(
        AgentEvent.artifactUpdate({
          taskId,
          contextId,
          artifact: {
            artifactId: 'count',
            name: '',
            description: '',
            parts: [{ ...part, content: { $case: 'text', value: String(n) } }],
            metadata: undefined,
            extensions: [],
          },
          append: n > 0,
          lastChunk: n === chunks - 1,
          metadata: undefined,
        }),
      );
    }
    end(TaskState.TASK_STATE_COMPLETED);
  },
  async cancelTask(taskId) {
    canceled.add(taskId);
  },
};

export default agent;
