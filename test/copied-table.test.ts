import { createTable, DynamoDBInstanceRegistry, documentClient } from '@a2a-aws/dynamodb';
import { TaskState } from '@a2a-js/sdk';
import {
  DeleteTableCommand,
  DynamoDBClient,
  PutItemCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { type Backend, createBackend } from 'a2a-aws';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { agentCard } from './fixtures/agent-card.ts';
import { AwsView } from './fixtures/aws-view.ts';
import { eventually, Gate, pause } from './fixtures/eventually.ts';
import { CALM_LEASE, Fleet, SHORT_LEASE } from './fixtures/fleet.ts';
import { RecordedLogger } from './fixtures/recorded-logger.ts';
import { callContext, get, send } from './fixtures/requests.ts';
import { StreamReader } from './fixtures/stream-reader.ts';

const timeout = 90_000;
const COPY = 'copy-of-the-table';
let fleet: Fleet;
let view: AwsView;
let client: DynamoDBClient;
let backend: Backend;
let copied: DynamoDBInstanceRegistry;

beforeAll(async () => {
  fleet = await Fleet.start({ lease: CALM_LEASE });
  view = new AwsView(fleet.aws);
  const { region, credentials, dynamodb } = fleet.aws.clientConfig;
  client = new DynamoDBClient({ region, credentials, ...dynamodb });
}, timeout);
afterAll(async () => {
  view.stop();
  client.destroy();
  await fleet.stop();
}, timeout);

beforeEach(async () => {
  await createTable(documentClient(client), COPY);
  copied = new DynamoDBInstanceRegistry({
    client: documentClient(client),
    tableName: COPY,
    prefix: 'a2a',
  });
});
afterEach(async () => {
  await backend.stop({ drainMs: 0 });
  await client.send(new DeleteTableCommand({ TableName: COPY }));
}, timeout);

/** Copies all items, as a restored backup has them; without the attributes that an older release lacks. */
async function copyTable(left: readonly string[] = []): Promise<void> {
  const { Items = [] } = await client.send(new ScanCommand({ TableName: fleet.aws.tableName }));
  for (const item of Items) {
    const kept = Object.entries(item).filter(([name]) => !left.includes(name));
    const Item = Object.fromEntries(kept);
    await client.send(new PutItemCommand({ TableName: COPY, Item }));
  }
}

/**
 * Starts an instance on the copy, on the same topic. Only the table distinguishes the two fleets.
 */
async function startOnCopy(logger: RecordedLogger): Promise<void> {
  const { topicArn, clientConfig } = fleet.aws;
  const lease = SHORT_LEASE;
  const options = { tableName: COPY, topicArn, clientConfig, lease, logger };
  backend = createBackend({ ...options, instanceId: 'copy' });
  await backend.start();
}

test.each([
  ['of this release', []],
  ['of an older release, whose leases name no table', ['table']],
])(
  '[I7] an instance on a copy of the table, %s, leaves the living fleet alone',
  {
    timeout,
  },
  async (_, left) => {
    const gate = new Gate();
    const text = fleet.script(async (turn) => {
      turn.task();
      turn.chunks('out', 0, 5);
      await gate.opened;
      turn.chunks('out', 5, 10);
      turn.status('COMPLETED', 'done');
    });
    const [a, b] = [await fleet.a.client(), await fleet.b.client()];
    const sender = new StreamReader(a.sendMessageStream(send(text)));
    const id = await sender.taskId();
    const subscriber = new StreamReader(b.resubscribeTask(get(id)));
    await subscriber.taskId();
    await eventually('a watch of B', async () => (await view.watchers(id)).length > 0);
    const before = await view.reached(6);

    await copyTable(left);
    const logger = new RecordedLogger();
    await startOnCopy(logger);
    const handler = backend.requestHandler(agentCard('http://127.0.0.1'), {
      execute: async () => {},
      cancelTask: async () => {},
    });
    const context = callContext('ann');
    // A reader on the copy makes its instance look for runs of the task.
    const stream = handler.resubscribe(get(id), context);
    const followed: unknown[] = [];
    const reading = (async () => {
      for await (const event of stream) followed.push(event);
    })();
    await eventually('the foreign leases are gone', async () => {
      const leases = await copied.leases();
      return leases.length === 1 && leases[0]?.instance.startsWith('copy');
    });
    await reading;
    const forked = await handler.getTask(get(id), context);
    expect(forked.status?.state).toBe(TaskState.TASK_STATE_FAILED);

    gate.open();
    await Promise.all([sender.end(), subscriber.end()]);
    for (const reader of [sender, subscriber]) {
      expect(reader.picture).toMatchObject({
        state: 'COMPLETED',
        artifacts: { out: Array.from({ length: 10 }, (_, i) => `${i}`) },
      });
    }
    await pause(2 * SHORT_LEASE.leaseMs);
    const reach = await view.reach();
    for (const one of before) expect(reach).toContain(one);
    for (const node of fleet.nodes)
      expect(node.backend.health()).toMatchObject({ ready: true, doorbell: true });
    expect(logger.text).toContain(left.length > 0 ? 'queue.left' : 'janitor.foreign-lease');
    // Everything that the copy learned of the task afterwards came from its own log.
    expect(JSON.stringify(followed)).not.toContain('COMPLETED');
  },
);
