import { flush } from '@a2a-aws/testkit/fakes';
import { ServerCallContext } from '@a2a-js/sdk/server';
import { expect, test } from 'vitest';
import { DynamoDBPushNotificationStore } from '../src/dynamodb-push-notification-store.ts';
import type { TableClient } from '../src/table/table.ts';

/** A client that answers each call when the test tells it to. */
class SlowClient {
  readonly answers: ((items: object[]) => void)[] = [];
  readonly faults: (() => void)[] = [];
  readonly send = (() =>
    new Promise((resolve, reject) => {
      this.answers.push((Items) => resolve({ Items }));
      this.faults.push(() => reject(new Error('lost')));
    })) as unknown as TableClient['send'];
}

test("a task's loads end in the order of their calls, whichever is answered first", async () => {
  const client = new SlowClient();
  const store = new DynamoDBPushNotificationStore({ client, tableName: 'tasks' });
  const ended: string[] = [];
  const load = (name: string, task: string): Promise<unknown> =>
    store.load(task, new ServerCallContext()).then(
      () => ended.push(name),
      () => ended.push(`${name} failed`),
    );
  const loads = [load('first', 't'), load('second', 't'), load('third', 't'), load('other', 'u')];
  client.answers[3]?.([]);
  client.answers[2]?.([]);
  client.faults[1]?.();
  await flush();
  expect(ended).toEqual(['other']);
  client.answers[0]?.([]);
  await Promise.all(loads);
  expect(ended).toEqual(['other', 'first', 'second failed', 'third']);
});

test('a store without the name of a table is refused when it is made', () => {
  const { send } = new SlowClient();
  expect(() => new DynamoDBPushNotificationStore({ client: { send }, tableName: '' })).toThrow(
    expect.objectContaining({ code: 'configuration' }),
  );
});
