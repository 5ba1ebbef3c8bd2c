import { Task, TaskState } from '@a2a-js/sdk';
import {
  AgentEvent,
  type AgentExecutor,
  type ExecutionEventBus,
  type RequestContext,
} from '@a2a-js/sdk/server';
import { chunkEvent } from '../src/demo/counting-executor.ts';

const EVERY_MS = 25;

/**
 * Counts as badly as can be: sends chunk 3 twice, chunk 5 never, says that it sent all of 40, and
 * goes on with its chunks when it is canceled.
 */
const faulty: AgentExecutor = {
  async execute({ taskId, contextId }: RequestContext, bus: ExecutionEventBus) {
    const working = { state: 'TASK_STATE_WORKING' };
    bus.publish(AgentEvent.task(Task.fromJSON({ id: taskId, contextId, status: working })));
    for (const index of [0, 1, 2, 3, 3, 4, ...Array.from({ length: 34 }, (_, rest) => rest + 6)]) {
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
      bus.publish(AgentEvent.artifactUpdate(chunkEvent(taskId, contextId, index, false)));
    }
    const status = { state: TaskState.TASK_STATE_COMPLETED, timestamp: '', message: undefined };
    bus.publish(AgentEvent.statusUpdate({ taskId, contextId, status, metadata: { sent: 40 } }));
  },

  async cancelTask(taskId: string, bus: ExecutionEventBus) {
    const status = { state: TaskState.TASK_STATE_CANCELED, timestamp: '', message: undefined };
    bus.publish(AgentEvent.statusUpdate({ taskId, contextId: '', status, metadata: { sent: 11 } }));
  },
};

export default faulty;
