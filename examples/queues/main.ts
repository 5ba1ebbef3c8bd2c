import { randomUUID } from 'node:crypto';
import { Task, TaskStatusUpdateEvent } from '@a2a-js/sdk';
import { EventConsumer, type QueueEvent, SnsQueueManager } from 'a2a-aws';

const key = { tenant: '', owner: 'ann', taskId: 'report-1' };
const contextId = 'context-1';

// Two managers stand for two processes. Each has an SQS queue of its own.
const producer = new SnsQueueManager({ instanceId: 'producer' });
const reader = new SnsQueueManager({ instanceId: 'reader' });
await Promise.all([producer.start(), reader.start()]);

const queue = await producer.createOrTap(key, { contextId });
const status = { state: 'TASK_STATE_WORKING' };
const task = Task.fromJSON({ id: key.taskId, contextId, status });
await queue.enqueueEvent({ kind: 'task', data: task });

// The consumer's name keeps its place: a tap with the same name continues after a restart.
const tap = await reader.tap(key, { after: 0, consumer: 'printer' });
if (!tap) throw new Error('The log knows no such task.');
const consumer = new EventConsumer(tap);
consumer.agentTaskCallback(work()); // if the work fails, so does the reading
for await (const { event, generation, final } of consumer.consumeAll()) {
  console.log(`${generation} ${describe(event)}${final ? ' (final)' : ''}`);
}

await Promise.all([producer.stop(), reader.stop()]);

/** Reports progress. The terminal state closes the queue. */
async function work(): Promise<void> {
  for (const text of ['Collecting figures.', 'Drawing charts.', 'Done.']) {
    const state = text === 'Done.' ? 'TASK_STATE_COMPLETED' : 'TASK_STATE_WORKING';
    const message = { messageId: randomUUID(), role: 'ROLE_AGENT', parts: [{ text }] };
    const update = { taskId: key.taskId, contextId, status: { state, message } };
    const data = TaskStatusUpdateEvent.fromJSON(update);
    await queue.enqueueEvent({ kind: 'statusUpdate', data }); // resolves once the event is durable
  }
}

function describe({ kind, data }: QueueEvent): string {
  const part = kind === 'statusUpdate' ? data.status?.message?.parts[0] : undefined;
  return part?.content?.$case === 'text' ? `${kind}: ${part.content.value}` : kind;
}
