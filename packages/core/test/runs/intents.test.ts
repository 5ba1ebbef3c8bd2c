import { listedTasks } from '@a2a-aws/testkit';
import { flush } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import { BackendError } from '../../src/errors.ts';
import {
  CANCELED,
  COMPLETED,
  chunkOf,
  FAILED,
  INPUT_REQUIRED,
  KEY,
  message,
  statusOf,
  taskOf,
  WORKING,
} from '../fixtures/events.ts';
import { begin, Fleet, type Member } from '../fixtures/fleet.ts';
import { lost, noAnswer, unreadable } from '../fixtures/wrapped-storage.ts';

let fleet: Fleet;
let a: Member;

beforeEach(async () => {
  fleet = new Fleet();
  a = await fleet.start('a');
});

const rows = async (): Promise<number> => (await fleet.registry.intents('a')).length;

describe('a run', () => {
  test('[I7] its intent exists before its start, and until its end', async () => {
    let rowsAtStart = -1;
    fleet.storage.script.push(async (call) => {
      rowsAtStart = await rows();
      return call();
    });
    const { run } = await begin(a, 'm1');
    expect(rowsAtStart).toBe(1);
    expect(await rows()).toBe(1);
    await run.publish(statusOf(COMPLETED));
    await a.instance.intents.finish(run);
    await flush();
    expect(await rows()).toBe(0);
    expect(a.instance.intents.running).toBe(0);
    expect(a.instance.logs.openLogs).toBe(0);
  });

  test('[I6] its intent is removed only after the head holds its last status', async () => {
    const { run } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    fleet.storage.onHead = lost;
    await run.publish(statusOf(COMPLETED));
    await a.instance.intents.finish(run);
    await fleet.clock.advance(30_000);
    expect(await rows()).toBe(1);
    fleet.storage.onHead = (call) => call();
    await fleet.clock.advance(5_000);
    expect(await rows()).toBe(0);
    expect(await listedTasks(fleet.storage, KEY)).toMatchObject([{ state: COMPLETED }]);
  });

  test('starts once for a message, and names the one that did', async () => {
    await begin(a, 'm1');
    const again = await a.instance.begin(KEY, {
      contextId: 'context-1',
      message: message('m1'),
      digest: 'm1',
    });
    expect(again).toEqual({ refused: 'duplicate' });
    const { state } = await fleet.fold();
    expect(state.runs.size).toBe(1);
    expect(state.runs.has(state.messages.get('m1') ?? '')).toBe(true);
    await flush();
    expect(await rows()).toBe(1);
  });

  test('[I6] its intent stays if the log cannot be read any more: others end it', async () => {
    const { run } = await begin(a, 'm1');
    const reasons: string[] = [];
    run.onStop((reason) => reasons.push(reason));
    fleet.storage.onPut = () => Promise.reject(new BackendError('corrupt-log', 'Unknown version.'));
    expect(await run.publish(taskOf(WORKING))).toBeUndefined();
    expect(reasons).toEqual(['closed']);
    await expect(a.instance.intents.finish(run)).rejects.toMatchObject({ code: 'corrupt-log' });
    await fleet.clock.advance(300_000);
    expect(await rows()).toBe(1);
    expect(a.instance.intents.running).toBe(0);
  });

  test('is not started, and leaves no row, if its log cannot be read', async () => {
    fleet.storage.onRead = lost;
    await expect(begin(a, 'm1')).rejects.toMatchObject({ code: 'unreachable' });
    fleet.storage.onRead = (call) => call();
    await flush();
    expect(await rows()).toBe(0);
    expect(await fleet.records()).toEqual([]);
    expect(a.instance.intents.running).toBe(0);
  });

  test('[I6] has failed if it started and then cannot be executed', async () => {
    const watchers = fleet.registry.watchers.bind(fleet.registry);
    fleet.registry.watchers = () =>
      Promise.reject(new BackendError('table-mismatch', 'The table refuses this.'));
    await expect(begin(a, 'm1')).rejects.toMatchObject({ code: 'table-mismatch' });
    fleet.registry.watchers = watchers;
    await flush();
    expect(await fleet.states()).toEqual([FAILED]);
    expect(await rows()).toBe(0);
    expect(a.instance.intents.running).toBe(0);
    expect(a.instance.logs.openLogs).toBe(0);
  });

  test('[I6] sends doorbells to the instances that watched before it began', async () => {
    const b = await fleet.start('b');
    await b.instance.logs.follow(KEY);
    const { run } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    await flush();
    expect(a.fanout.sentTo).toEqual(['b']);
  });

  test('[I7] an intent that was written without an answer is swept', async () => {
    a.wire = async (call) => {
      await call();
      throw noAnswer();
    };
    await expect(begin(a, 'm1')).rejects.toMatchObject({ code: 'unreachable' });
    a.wire = (call) => call();
    expect(await rows()).toBe(1);
    await fleet.clock.advance(130_000);
    expect(await rows()).toBe(0);
  });

  test('[I6] that ends without a final status leaves a task that has one', async () => {
    const { run } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    await a.instance.intents.finish(run);
    expect(await fleet.states()).toEqual([WORKING, FAILED]);
  });

  test('[I6] that publishes no event leaves a FAILED task', async () => {
    const { run } = await begin(a, 'm1');
    await a.instance.intents.finish(run);
    expect(await fleet.states()).toEqual([FAILED]);
  });

  test('that ends waiting for input leaves the task waiting', async () => {
    const { run } = await begin(a, 'm1');
    await run.publish(statusOf(INPUT_REQUIRED));
    await a.instance.intents.finish(run);
    expect((await fleet.fold()).state).toMatchObject({
      sealed: false,
      status: { state: INPUT_REQUIRED },
    });
  });

  test('that answers without a task leaves no task', async () => {
    const { run } = await begin(a, 'm1');
    expect(await run.answer(message('answer'))).toBe(true);
    await a.instance.intents.finish(run);
    const fold = await fleet.fold();
    expect(fold.task()).toBeUndefined();
    expect(fold.state.runs.get(run.id)?.answer?.messageId).toBe('answer');
  });

  test('[I4] learns once that another has ended the task, and of its own end', async () => {
    const [one, other] = [await begin(a, 'm1'), await begin(a, 'm2')];
    await one.run.publish(statusOf(COMPLETED));
    await flush();
    expect(one.stops).toEqual(['ended']);
    expect(other.stops).toEqual(['closed']);
    expect(await other.run.publish(chunkOf('late', 'x'))).toBeUndefined();
    expect(a.instance.intents.refusedEvents).toBe(1);
    await a.instance.intents.finish(other.run);
    expect(await fleet.states()).toContain(COMPLETED);
  });

  test('[I1] gives its events their places in the order of publishing', async () => {
    const { run } = await begin(a, 'm1');
    const published = ['1', '2', '3', '4'].map((id) => run.append(chunkOf(id, 'x')));
    await run.flush();
    const stored = await Promise.all(published);
    expect(stored.map((one) => one?.generation)).toEqual([2, 3, 4, 5]);
  });

  test('[I6] that lost an event ends the task, and no event follows', async () => {
    const { run, stops } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    const large = run.publish(chunkOf('large', 'x'.repeat(5_000_000)));
    const after = run.publish(statusOf(COMPLETED));
    expect(await large).toBeUndefined();
    expect(await after).toBeUndefined();
    await a.instance.intents.finish(run);
    expect(await fleet.states()).toEqual([WORKING, FAILED]);
    expect(stops).toEqual(['closed']);
  });

  test.each([
    ['nothing', undefined],
    [
      'an event as an earlier SDK has it',
      { kind: 'status-update', taskId: KEY.taskId, status: {} },
    ],
    ['an event without data', { kind: 'statusUpdate' }],
    ['a promise', Promise.resolve(taskOf(COMPLETED))],
    [
      'what throws when it is read',
      {
        get kind(): string {
          throw new Error('secret');
        },
      },
    ],
  ])('[I6] that publishes %s fails, and no other run is affected', async (_, given) => {
    const { run, stops } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    const published = run.publish(given as never);
    const after = run.publish(statusOf(COMPLETED));
    expect(await Promise.all([published, after])).toEqual([undefined, undefined]);
    await a.instance.intents.finish(run);
    expect(await fleet.states()).toEqual([WORKING, FAILED]);
    expect(stops).toEqual(['closed']);
  });

  test('[I8] that publishes without end fails, and its later events take no memory', async () => {
    fleet.backlogBytes = 200_000;
    const small = await fleet.start('small');
    const { run, stops } = await begin(small, 'm1');
    await run.publish(taskOf(WORKING));
    fleet.storage.onPut = lost;
    const { backlog } = small.instance.logs;
    for (let n = 0; n < 1_000; n += 1) void run.publish(chunkOf('a', 'x'.repeat(1_000)));
    expect(stops).toEqual(['closed']);
    // Half of all for one task, and its failure.
    expect(backlog.bytes).toBeGreaterThan(95_000);
    expect(backlog.bytes).toBeLessThan(105_000);
    expect(await run.answer(message('answer'))).toBe(false);
    expect(small.instance.intents.refusedEvents).toBeGreaterThan(900);
    expect(fleet.logged.filter((event) => event === 'run.event-refused').length).toBeLessThan(5);
    fleet.storage.onPut = (call) => call();
    await fleet.clock.advance(10_000);
    await small.instance.intents.finish(run);
    expect(backlog.bytes).toBe(0);
    const task = (await fleet.fold()).task();
    expect(task?.status?.state).toBe(FAILED);
    const text = task?.status?.message?.parts[0]?.content;
    expect(text?.value).toBe('The agent publishes faster than can be stored.');
  });

  test('[I8] does not begin where too much is waiting already; others can take its message', async () => {
    fleet.backlogBytes = 100_000;
    const small = await fleet.start('small');
    const { run } = await begin(small, 'm1');
    fleet.storage.onPut = lost;
    for (let n = 0; n < 50; n += 1) void run.publish(chunkOf('a', 'x'.repeat(1_000)));
    await expect(begin(small, 'm2')).rejects.toMatchObject({ code: 'backlog-full' });
    fleet.storage.onPut = (call) => call();
    await fleet.clock.advance(10_000);
    await small.instance.intents.finish(run);
    await flush();
    expect((await fleet.registry.intents('small')).length).toBe(0);
  });

  test('is not begun by a message that the log does not take', async () => {
    const large = { contextId: 'context-1', message: message('m1', 'x'.repeat(5_000_000)) };
    await expect(a.instance.begin(KEY, large)).rejects.toMatchObject({ code: 'event-too-large' });
    await flush();
    expect(await fleet.records()).toEqual([]);
    expect(await rows()).toBe(0);
  });

  test('[I5] of two runs of one task on one instance each ends for itself', async () => {
    const [one, other] = [await begin(a, 'm1'), await begin(a, 'm2')];
    await one.run.publish(taskOf(WORKING));
    await a.instance.intents.finish(one.run);
    expect((await fleet.fold()).state.sealed).toBe(false);
    expect(await other.run.publish(statusOf(CANCELED))).toBeDefined();
    await a.instance.intents.finish(other.run);
    await flush();
    expect(await rows()).toBe(0);
  });

  test('[I6] whose log becomes unreadable is stopped, even if it publishes nothing, and its row stays', async () => {
    const { run, stops } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    fleet.storage.onRead = () => Promise.reject(unreadable());
    fleet.storage.onPut = () => Promise.reject(unreadable());
    await fleet.clock.advance(20_000);
    expect(stops).toEqual(['closed']);
    await expect(a.instance.intents.finish(run)).rejects.toEqual(unreadable());
    await flush();
    expect(fleet.logged).toContain('run.row-left');
    // Not even in two sweeps.
    await fleet.clock.advance(130_000);
    expect(await rows()).toBe(1);
    // Nor does the instance wait for it when it stops.
    await a.instance.intents.idle();
  });

  test('[I6] whose head cannot be read leaves its row, and waits for no other instance', async () => {
    fleet.storage.onHead = () => Promise.reject(unreadable());
    const { run } = await begin(a, 'm1');
    await run.publish(statusOf(COMPLETED));
    await a.instance.intents.finish(run);
    await a.instance.intents.idle();
    expect(await rows()).toBe(1);
  });
});
