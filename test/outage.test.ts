import type { Client } from '@a2a-js/sdk/client';
import { A2AError } from '@a2a-js/sdk/errors';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROUTERS, USER_HEADER } from './fixtures/a2a-node.ts';
import { AwsView } from './fixtures/aws-view.ts';
import { eventually, failure, Gate, pause, soon } from './fixtures/eventually.ts';
import { Fleet } from './fixtures/fleet.ts';
import { cancel, get, list, send } from './fixtures/requests.ts';
import { StreamReader } from './fixtures/stream-reader.ts';
import { pictureOf } from './fixtures/task-picture.ts';

const timeout = 120_000;
/** Three tries of five seconds, twice where a read waits for one under way, and room. */
const ANSWER_MS = 50_000;
const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}`);

function tablesFall(fleet: Fleet, how: 'shut' | 'silence'): void {
  for (const { dynamodb } of fleet.nodes) dynamodb[how]();
}

function tablesRise(fleet: Fleet): void {
  for (const { dynamodb } of fleet.nodes) dynamodb.open();
}

/**
 * The A2A error that the server sent. An error event in a stream of JSON-RPC, which opens before a
 * silent table is given up, reaches the caller of the SDK's client as the cause of a plain error.
 */
function a2aErrorOf(error: Error): unknown {
  return error.message.startsWith('SSE event contained an error') ? error.cause : error;
}

/** A task that publishes 10 chunks before `gates[0]`, 10 before each next one, and then completes. */
function tenByTen(fleet: Fleet, gates: readonly Gate[]): string {
  return fleet.script(async (turn) => {
    turn.task();
    for (const [i, gate] of gates.entries()) {
      turn.chunks('out', i * 10, i * 10 + 10);
      await gate.opened;
    }
    turn.status('COMPLETED', 'done');
  });
}

describe.each(['shut', 'silence'] as const)('DynamoDB is lost (%s) and comes back', (how) => {
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await Fleet.start();
  }, timeout);
  afterAll(() => fleet.stop(), timeout);

  test('[I2] [I6] [I10] calls fail with an error, none hangs; the running task loses no event', {
    timeout,
  }, async () => {
    const gates = [new Gate(), new Gate()] as const;
    const text = tenByTen(fleet, gates);
    const a = await fleet.a.client();
    const b = await fleet.b.client();
    const sender = new StreamReader(a.sendMessageStream(send(text)));
    const id = await sender.taskId();
    const subscriber = new StreamReader(b.resubscribeTask(get(id)));
    await subscriber.until('chunks', ({ artifacts }) => artifacts.out?.length === 10);

    tablesFall(fleet, how);
    gates[0].open();
    const failures = ROUTERS.map(async (router) => {
      const client: Client = await fleet.b.client(router);
      const message = send(fleet.script((turn) => turn.task('COMPLETED')));
      const calls: Record<string, Promise<unknown>> = {
        SendMessage: client.sendMessage(message),
        SendStreamingMessage: new StreamReader(client.sendMessageStream(message)).end(ANSWER_MS),
        GetTask: client.getTask(get('unknown')),
        ListTasks: client.listTasks(list()),
        CancelTask: client.cancelTask(cancel(id)),
        SubscribeToTask: new StreamReader(client.resubscribeTask(get('unknown'))).end(ANSWER_MS),
      };
      await Promise.all(
        Object.entries(calls).map(async ([method, call]) => {
          const error = await failure(`${method} over ${router}`, call, ANSWER_MS);
          const told = a2aErrorOf(error);
          expect(told, `${method} over ${router}`).toBeInstanceOf(A2AError);
          expect(told).toMatchObject({
            message: 'The server cannot take the request now. Try again.',
          });
        }),
      );
    });
    const raw = fetch(`${fleet.b.url}/rest/tasks/unknown`, {
      headers: { 'A2A-Version': '1.0', [USER_HEADER]: 'ann' },
    });
    await Promise.all(failures);
    const response = await soon('answer', raw, ANSWER_MS);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
    // No event of it was durable, so no client has seen one (I2).
    expect(sender.picture?.artifacts.out).toHaveLength(10);

    tablesRise(fleet);
    await subscriber.until('chunks', ({ artifacts }) => artifacts.out?.length === 20);
    gates[1].open();
    await Promise.all([sender.end(), subscriber.end()]);

    expect(sender.picture).toEqual({
      id,
      state: 'COMPLETED',
      text: 'done',
      artifacts: { out: numbers(20) },
    });
    expect(subscriber.picture).toEqual(sender.picture);
    expect(pictureOf(await b.getTask(get(id)))).toEqual(sender.picture);
    const again = fleet.script((turn) => turn.task('COMPLETED'));
    const answer = await soon('send', b.sendMessage(send(again)));
    expect(pictureOf(answer as Parameters<typeof pictureOf>[0]).state).toBe('COMPLETED');
  });
});

/** Longer than a beat's own tries can take. */
const LEASE = { beatMs: 200, leaseMs: 4_000, quarantineMs: 1_000 };

describe.each(['shut', 'silence'] as const)('an outage (%s) longer than a lease', (how) => {
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await Fleet.start({ lease: LEASE });
  }, timeout);
  afterAll(() => fleet.stop(), timeout);

  test('[I5] [I6] for all alike proves no instance dead: the running task continues', {
    timeout,
  }, async () => {
    const gates = [new Gate(), new Gate()] as const;
    const text = tenByTen(fleet, gates);
    const a = await fleet.a.client();
    const b = await fleet.b.client();
    const sender = new StreamReader(a.sendMessageStream(send(text)));
    const id = await sender.taskId();
    const subscriber = new StreamReader(b.resubscribeTask(get(id)));
    await subscriber.until('chunks', ({ artifacts }) => artifacts.out?.length === 10);
    const before = fleet.nodes.map(({ backend }) => backend.stats().instance);

    tablesFall(fleet, how);
    gates[0].open();
    await pause(LEASE.leaseMs + 500);
    // The observers come back before the observed, but by far less than a lease.
    fleet.b.dynamodb.open();
    fleet.c.dynamodb.open();
    await pause(LEASE.leaseMs * 0.3);
    tablesRise(fleet);
    const reader = new AwsView(fleet.aws);
    await eventually('what was held up to be in the log', async () => {
      const entries = (await reader.log(id)).flatMap((record) => record.entries);
      return entries.filter(({ kind }) => kind !== 'start').length > 11;
    });
    reader.stop();
    gates[1].open();
    await Promise.allSettled([sender.end(), subscriber.end()]);

    expect(subscriber.picture).toEqual({
      id,
      state: 'COMPLETED',
      text: 'done',
      artifacts: { out: numbers(20) },
    });
    expect(sender.picture).toEqual(subscriber.picture);
    expect(fleet.nodes.map(({ backend }) => backend.stats().instance)).toEqual(before);
  });
});
