import { flush } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  CANCELED,
  COMPLETED,
  FAILED,
  INPUT_REQUIRED,
  KEY,
  message,
  statusOf,
  taskOf,
  WORKING,
} from '../fixtures/events.ts';
import { begin, Fleet, type Member, SETTINGS } from '../fixtures/fleet.ts';
import { lost, unreadable } from '../fixtures/wrapped-storage.ts';

const DEADLINE_MS = 5_000;

let fleet: Fleet;
let a: Member;
let b: Member;

beforeEach(async () => {
  fleet = new Fleet();
  a = await fleet.start('a');
  b = await fleet.start('b');
});

/** Returns the state of a promise so far. */
const watchOutcome = <T>(promise: Promise<T>): { value?: T } => {
  const outcome: { value?: T } = {};
  void promise.then((value) => {
    outcome.value = value;
  });
  return outcome;
};

/** The lease of a cannot be read. */
const hidden =
  (lease: Fleet['registry']['lease']): Fleet['registry']['lease'] =>
  (id) =>
    id === 'a' ? Promise.reject(unreadable()) : lease(id);

describe('a cancel from another instance', () => {
  test('[I6] reaches the run once, and the run decides how it ends', async () => {
    const { run, stops } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    const cancel = watchOutcome(b.instance.cancel(KEY, DEADLINE_MS));
    await flush();
    expect(stops).toEqual(['cancel']);
    expect(cancel).toEqual({});
    await run.publish(statusOf(CANCELED, message('stopped')));
    await a.instance.intents.finish(run);
    await flush();
    expect(cancel.value).toMatchObject({
      canceled: { status: { state: CANCELED, message: { messageId: 'stopped' } } },
    });
    expect(stops).toEqual(['cancel', 'ended']);
  });

  test('two of them are one request; both get the answer', async () => {
    const { run, stops } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    const cancels = [a, b].map((m) => watchOutcome(m.instance.cancel(KEY, DEADLINE_MS)));
    await flush();
    expect(stops).toEqual(['cancel']);
    await a.instance.intents.finish(run);
    await flush();
    for (const { value } of cancels) expect(value).toHaveProperty('canceled');
    const kinds = (await fleet.records()).flatMap((r) => r.entries).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'cancel')).toHaveLength(1);
  });

  test('[I6] is done by force at its deadline, and stops the run', async () => {
    const { run, stops } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    const cancel = watchOutcome(b.instance.cancel(KEY, DEADLINE_MS));
    await fleet.clock.advance(DEADLINE_MS - 1);
    expect(cancel).toEqual({});
    await fleet.clock.advance(1);
    expect(cancel.value).toMatchObject({ canceled: { status: { state: CANCELED } } });
    expect(stops).toEqual(['cancel', 'closed']);
    expect(await run.publish(statusOf(COMPLETED))).toBeUndefined();
    expect(await fleet.states()).toEqual([WORKING, CANCELED]);
  });

  test('[I6] is left to another instance at once if its own instance stops or dies', async () => {
    const { run } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    const c = await fleet.start('c');
    const cancels = [b, c].map((m) => m.instance.cancel(KEY, 60_000).catch(({ code }) => code));
    await flush();
    const stopped = b.instance.stop(0);
    await fleet.clock.advance(0);
    await stopped;
    expect(await cancels[0]).toMatch(/^(draining|fenced)$/);
    await fleet.registry.markDead('c', (await fleet.registry.lease('c'))?.beat ?? 0);
    await fleet.clock.advance(SETTINGS.beatMs);
    expect(c.instance.phase).toBe('dead');
    expect(await cancels[1]).toMatch(/^(draining|fenced)$/);
    expect(await fleet.states()).toEqual([WORKING]);
  });

  test('[I6] reaches the run also without any doorbell', async () => {
    for (const member of [a, b]) member.fanout.network = () => {};
    const { run, stops } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    const cancel = watchOutcome(b.instance.cancel(KEY, 60_000));
    await fleet.clock.advance(3_000);
    expect(stops).toEqual(['cancel']);
    await a.instance.intents.finish(run);
    await fleet.clock.advance(2_000);
    expect(cancel.value).toHaveProperty('canceled');
  });

  test('[I6] is forced by the runner if the requesting instance has died', async () => {
    const { run, stops } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    void b.instance.cancel(KEY, DEADLINE_MS);
    await flush();
    b.kill();
    await fleet.clock.advance(10_000);
    expect(await fleet.states()).toEqual([WORKING]);
    await fleet.clock.advance(5_000);
    expect(await fleet.states()).toEqual([WORKING, CANCELED]);
    expect(stops).toEqual(['cancel', 'closed']);
    await a.instance.intents.finish(run);
  });

  test('[I6] is also forced on an instance that has resumed the run', async () => {
    fleet.resumer = () => {};
    const { run } = await begin(a, 'm1', KEY, 'recorded');
    await run.publish(taskOf(WORKING));
    const c = await fleet.start('c');
    a.kill();
    await fleet.clock.advance(SETTINGS.leaseMs + 2 * SETTINGS.beatMs);
    const runner = [...(await fleet.fold()).state.runs.values()].at(-1)?.instance;
    const other = runner === 'b' ? c : b;
    void other.instance.cancel(KEY, DEADLINE_MS);
    await flush();
    other.kill();
    await fleet.clock.advance(15_000);
    expect(await fleet.states()).toEqual([WORKING, CANCELED]);
  });

  test('leaves no timer once the run has ended', async () => {
    const { run } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    const cancel = watchOutcome(b.instance.cancel(KEY, DEADLINE_MS));
    await flush();
    const { pending } = fleet.clock;
    await run.publish(statusOf(CANCELED));
    await a.instance.intents.finish(run);
    await flush();
    expect(cancel.value).toHaveProperty('canceled');
    // The canceller's, and the runner's.
    expect(fleet.clock.pending).toBe(pending - 2);
  });

  test('[I6] waits for a runner with an unreadable lease', async () => {
    const { run } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    fleet.registry.lease = hidden(fleet.registry.lease.bind(fleet.registry));
    const cancel = watchOutcome(b.instance.cancel(KEY, DEADLINE_MS));
    await fleet.clock.advance(DEADLINE_MS - 1);
    expect(cancel).toEqual({});
    await fleet.clock.advance(1);
    expect(cancel.value).toHaveProperty('canceled');
  });

  test('[I4] loses against a run that completes first, and reports so', async () => {
    const { run } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    const cancel = watchOutcome(b.instance.cancel(KEY, DEADLINE_MS));
    await run.publish(statusOf(COMPLETED));
    await flush();
    expect(cancel.value).toEqual({ refused: 'not-cancelable' });
    expect(await fleet.states()).toEqual([WORKING, COMPLETED]);
  });

  test('of a task that rests is done at once', async () => {
    const { run } = await begin(a, 'm1');
    await run.publish(statusOf(INPUT_REQUIRED));
    await a.instance.intents.finish(run);
    expect(await b.instance.cancel(KEY, DEADLINE_MS)).toMatchObject({
      canceled: { status: { state: CANCELED } },
    });
  });

  test('of a task whose runner is dead or gone takes effect at once', async () => {
    const { run } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    a.kill();
    await fleet.registry.markDead('a', (await fleet.registry.lease('a'))?.beat ?? 0);
    const dead = watchOutcome(b.instance.cancel(KEY, DEADLINE_MS));
    await flush();
    expect(dead.value).toMatchObject({ canceled: { status: { state: CANCELED } } });

    const other = { ...KEY, taskId: 'task-2' };
    const c = await fleet.start('c');
    const second = await begin(c, 'm2', other);
    await second.run.publish(taskOf(WORKING, { id: 'task-2' }));
    c.kill();
    await fleet.registry.removeLease('c');
    const gone = watchOutcome(b.instance.cancel(other, DEADLINE_MS));
    await flush();
    expect(gone.value).toMatchObject({ canceled: { status: { state: CANCELED } } });
  });

  test('waits for the live runner, also if other instances ran the task', async () => {
    const [one, other] = [await begin(a, 'm1'), await begin(b, 'm2')];
    await one.run.publish(taskOf(WORKING));
    a.kill();
    await fleet.registry.markDead('a', (await fleet.registry.lease('a'))?.beat ?? 0);
    const cancel = watchOutcome(b.instance.cancel(KEY, DEADLINE_MS));
    await flush();
    expect(cancel).toEqual({});
    await other.run.publish(statusOf(CANCELED, message('stopped')));
    await flush();
    expect(cancel.value).toMatchObject({
      canceled: { status: { message: { messageId: 'stopped' } } },
    });
  });

  test('of a task that is canceled gives the task, of one that failed is refused', async () => {
    const { run } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    await b.instance.cancel({ ...KEY, taskId: 'none' }, DEADLINE_MS);
    await a.instance.intents.finish(run);
    expect(await fleet.states()).toEqual([WORKING, FAILED]);
    expect(await b.instance.cancel(KEY, DEADLINE_MS)).toEqual({ refused: 'not-cancelable' });
    const other = { ...KEY, taskId: 'task-2' };
    const second = await begin(a, 'm2', other);
    await second.run.publish({ kind: 'task', data: { ...taskData(), id: 'task-2' } });
    const first = b.instance.cancel(other, 0);
    await fleet.clock.advance(1);
    await first;
    expect(await a.instance.cancel(other, DEADLINE_MS)).toHaveProperty('canceled');
  });

  test('[I9] finds no task of another owner or tenant', async () => {
    const { run } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    for (const key of [
      { ...KEY, owner: 'other' },
      { ...KEY, tenant: 'other' },
    ]) {
      expect(await b.instance.cancel(key, 0)).toEqual({ refused: 'not-found' });
      expect(await fleet.records(key)).toEqual([]);
    }
  });

  test('[I7] leaves no row behind, however it ends', async () => {
    const { run } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    const cancel = b.instance.cancel(KEY, DEADLINE_MS);
    await fleet.clock.advance(DEADLINE_MS);
    await cancel;
    await b.instance.cancel({ ...KEY, taskId: 'none' }, 0);
    fleet.storage.onRead = lost;
    await expect(b.instance.cancel({ ...KEY, taskId: 'x' }, 0)).rejects.toMatchObject({
      code: 'unreachable',
    });
    fleet.storage.onRead = (call) => call();
    await fleet.clock.advance(130_000);
    expect(await fleet.traces('b')).toMatchObject({ runs: 0, watches: 0 });
    expect(b.instance.logs.openLogs).toBe(0);
  });

  test('bars new runs from the task', async () => {
    const { run } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    void b.instance.cancel(KEY, DEADLINE_MS);
    await flush();
    await expect(begin(b, 'm2')).rejects.toThrow('cancelling');
  });
});

function taskData() {
  const event = taskOf(WORKING);
  if (event.kind !== 'task') throw new Error('a Task event');
  return event.data;
}
