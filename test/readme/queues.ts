import { Task, TaskState } from '@a2a-js/sdk';
import { EventConsumer, SnsQueueManager, type TaskEvent } from 'a2a-aws';

const manager = new SnsQueueManager(); // A2A_TABLE_NAME, A2A_TOPIC_ARN, AWS_REGION …
await manager.start();

const key = { tenant: '', owner: 'ann', taskId: 'task-1' };
const taskIn = (state: TaskState): TaskEvent => ({
  kind: 'task',
  data: {
    ...Task.fromJSON({ id: key.taskId, contextId: 'context-1' }),
    status: { state, message: undefined, timestamp: undefined },
  },
});

// The producer of the events owns the queue.
const queue = await manager.createOrTap(key, { contextId: 'context-1' });
const work = async (): Promise<void> => {
  await queue.enqueueEvent(taskIn(TaskState.TASK_STATE_WORKING)); // 1, once it is durable
  await queue.enqueueEvent(taskIn(TaskState.TASK_STATE_COMPLETED)); // 2: the queue is closed
};

// A reader taps the task: here, on any other instance, and also after a restart.
const tap = await manager.tap(key, { after: 0, consumer: 'audit' });
if (!tap) throw new Error('The log knows no such task.');
const consumer = new EventConsumer(tap);
consumer.agentTaskCallback(work());
for await (const { event, generation, final } of consumer.consumeAll()) {
  console.log(generation, event.kind, final);
}

await manager.stop();
