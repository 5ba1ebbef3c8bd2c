import { type Task, TaskPushNotificationConfig } from '@a2a-js/sdk';
import { InMemoryPushNotificationStore, type ServerCallContext } from '@a2a-js/sdk/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Gate, soon } from './fixtures/eventually.ts';
import { Fleet } from './fixtures/fleet.ts';
import { send } from './fixtures/requests.ts';

const timeout = 60_000;

/** Notes under which task each config is saved, and can be slow. */
class SlowStore extends InMemoryPushNotificationStore {
  readonly saved: [url: string, taskId: string][] = [];
  readonly asked = new Gate();
  readonly answers = new Gate();

  override async save(
    taskId: string,
    context: ServerCallContext,
    config: Parameters<InMemoryPushNotificationStore['save']>[2],
  ): Promise<void> {
    this.saved.push([config.url, taskId]);
    this.asked.open();
    await this.answers.opened;
    await super.save(taskId, context, config);
  }
}

const store = new SlowStore();
let fleet: Fleet;

beforeAll(async () => {
  fleet = await Fleet.start({}, { pushNotificationStore: store });
}, timeout);
afterAll(() => fleet.stop(), timeout);

test('[I9] no client gets the pushes of another client with the same short id', {
  timeout,
}, async () => {
  const url = 'http://127.0.0.1:9/stranger';
  const [slow, fast] = await Promise.all([
    fleet.a.client('JSONRPC', ''),
    fleet.b.client('JSONRPC', ''),
  ]);
  const text = fleet.script((turn) => {
    turn.task();
    turn.status('COMPLETED');
  });

  const message = send(text, { messageId: '1' });
  const pushing = send(text, { messageId: '1' });
  if (!pushing.configuration) throw new Error('A request has a configuration.');
  pushing.configuration.taskPushNotificationConfig = TaskPushNotificationConfig.fromJSON({ url });

  const first = slow.sendMessage(pushing);
  await soon('save', store.asked.opened);
  const other = (await soon('other', fast.sendMessage(message))) as Task;
  store.answers.open();
  const own = (await soon('own', first)) as Task;

  expect(own.id).not.toBe(other.id);
  expect(store.saved).toEqual([[url, own.id]]);
});
