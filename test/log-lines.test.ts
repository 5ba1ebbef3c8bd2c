import type { Task } from '@a2a-js/sdk';
import type { LogFields } from 'a2a-aws';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { captureOutput } from './fixtures/captured-output.ts';
import { eventually } from './fixtures/eventually.ts';
import { Fleet } from './fixtures/fleet.ts';
import { cancel, get, list, send } from './fixtures/requests.ts';

/** In everything that clients, users and executors choose. */
const MARKER = 'Zx9Marker';
const OWNER = `${MARKER}-owner@example.com`;
const TENANT = `${MARKER}-tenant`;

let fleet: Fleet;
let output: ReturnType<typeof captureOutput>;

beforeAll(async () => {
  output = captureOutput();
  fleet = await Fleet.start(
    {},
    {
      pushNotificationSender: {
        send: () => Promise.reject(new Error(`${MARKER} https://${MARKER}.example.com`)),
      },
    },
  );
}, 60_000);

afterAll(() => fleet.stop());

const linesOf = (event: string): LogFields[] =>
  fleet.nodes.flatMap(({ logger }) =>
    logger.lines.filter((line) => line.event === event).map(({ fields }) => fields),
  );

const runOf = ({ run }: LogFields = {}): LogFields[string] => run;

test('runs, failures, cancels and an outage can be followed, by ids alone', async () => {
  const client = await fleet.a.client('JSONRPC', OWNER, TENANT);
  const good = fleet.script((turn) => {
    turn.task();
    turn.artifact(MARKER, MARKER);
    turn.status('COMPLETED', MARKER);
  });
  const bad = fleet.script((turn) => {
    turn.task();
    throw new TypeError(`${MARKER}\n    at ${MARKER} (/${MARKER}.js:1:1)`);
  });
  const waiting = fleet.script(async (turn) => {
    turn.task();
    await turn.untilCanceled();
    turn.status('CANCELED', MARKER);
  });
  const done = (await client.sendMessage(send(good))) as Task;
  await client.sendMessage(send(bad));
  const running = (await client.sendMessage(send(waiting, { returnImmediately: true }))) as Task;
  const others = await fleet.b.client('HTTP+JSON', OWNER, TENANT);
  await others.cancelTask(cancel(running.id));
  await others.getTask(get(`${MARKER}-id`)).catch(() => {});
  await others.listTasks(list({ contextId: MARKER })).catch(() => {});

  await eventually('the runs end', () => linesOf('run.ended').length === 3);
  const [started] = linesOf('run.started');
  const [ended] = linesOf('run.ended');
  expect(started).toMatchObject({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    instance: fleet.a.backend.stats().instance,
    taskId: done.id,
    run: expect.any(String),
    owner: expect.stringMatching(/^[0-9a-f]{8}$/),
    attempt: 1,
  });
  expect(ended).toMatchObject({
    run: runOf(started),
    state: 'TASK_STATE_COMPLETED',
    durationMs: expect.any(Number),
  });
  expect(linesOf('cancel.requested')).toMatchObject([{ taskId: running.id }]);
  expect(linesOf('run.executor-failed')).toMatchObject([{ error: 'TypeError' }]);
  expect(linesOf('instance.ready')).toHaveLength(3);
}, 60_000);

test('an outage is one line at its start and one at its end, with the answer of AWS', async () => {
  const { a } = fleet;
  a.dynamodb.shut();
  await eventually('the outage is logged', () => linesOf('lease.beat-retried').length > 0);
  a.dynamodb.open();
  await eventually('the recovery is logged', () => linesOf('lease.beat-recovered').length > 0);
  const [failed] = linesOf('lease.beat-retried');
  expect(failed).toMatchObject({
    code: 'unreachable',
    operation: 'UpdateItem',
    cause: expect.stringMatching(/^[A-Za-z_]+$/),
  });
  expect(linesOf('lease.beat-recovered')).toMatchObject([{ durationMs: expect.any(Number) }]);
}, 60_000);

test('no log line contains text of clients, users or executors', () => {
  const lines = fleet.nodes.flatMap(({ logger }) => logger.lines);
  expect(lines.length).toBeGreaterThan(15);
  for (const line of lines) {
    expect(JSON.stringify(line)).not.toContain(MARKER);
    expect(line.fields).toMatchObject({ time: expect.any(String), instance: expect.any(String) });
  }
  expect(output.text()).not.toContain(MARKER);
});
