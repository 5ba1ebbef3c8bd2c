import { listedTasks } from '@a2a-aws/testkit';
import { flush } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import { BackendError } from '../../src/errors.ts';
import type { InstanceRegistry } from '../../src/ports/instance-registry.ts';
import {
  CANCELED,
  COMPLETED,
  FAILED,
  INPUT_REQUIRED,
  KEY,
  statusOf,
  taskOf,
  WORKING,
} from '../fixtures/events.ts';
import {
  begin,
  CLEAN_MS,
  Fleet,
  FOUND_MS,
  type Member,
  NO_TRACES,
  SETTINGS,
} from '../fixtures/fleet.ts';
import { lost, unreadable } from '../fixtures/wrapped-storage.ts';

let fleet: Fleet;
let a: Member;
let b: Member;

beforeEach(async () => {
  fleet = new Fleet();
  a = await fleet.start('a');
  b = await fleet.start('b');
});

const fences = async (): Promise<number> =>
  (await fleet.records()).flatMap((r) => r.entries).filter(({ kind }) => kind === 'fence').length;

describe('after an instance was killed', () => {
  test('[I6] its run fails once, however many janitors there are', async () => {
    await Promise.all(['c', 'd', 'e'].map((id) => fleet.start(id)));
    const { run } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    a.kill();
    await fleet.clock.advance(FOUND_MS);
    expect(await fleet.states()).toEqual([WORKING, FAILED]);
    expect(await fences()).toBe(1);
    expect(await listedTasks(fleet.storage, KEY)).toMatchObject([{ state: FAILED }]);
    await fleet.clock.advance(CLEAN_MS);
    expect(await fleet.states()).toEqual([WORKING, FAILED]);
  });

  test('[I6] an unreadable log or head does not delay the end of other runs', async () => {
    const spoiled = { ...KEY, taskId: 'spoiled' };
    const [load, putHead] = [fleet.storage.load, fleet.storage.putHead];
    fleet.storage.load = (key) =>
      key.taskId === 'spoiled' ? Promise.reject(unreadable()) : load.call(fleet.storage, key);
    fleet.storage.putHead = (key, head) =>
      key.taskId === 'headless'
        ? Promise.reject(unreadable())
        : putHead.call(fleet.storage, key, head);
    for (let run = 0; run < 20; run += 1) {
      const row = { instance: 'a', run: `${run}`, purpose: 'execute' } as const;
      await fleet.registry.putIntent({ ...row, key: spoiled });
      await fleet.registry.putIntent({
        ...row,
        run: `head-${run}`,
        key: { ...KEY, taskId: 'headless' },
      });
    }
    await begin(a, 'm2', { ...KEY, taskId: 'headless' });
    const { run } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    a.kill();
    await fleet.clock.advance(FOUND_MS);
    expect(await fleet.states()).toEqual([WORKING, FAILED]);
    expect(await fleet.states({ ...KEY, taskId: 'headless' })).toEqual([FAILED]);
    expect(fleet.queues.has('a')).toBe(false);
    expect(b.instance.janitor.stats.failing).toBe(1);
    // The rows stay for instances that can read the logs.
    await fleet.clock.advance(10 * CLEAN_MS);
    expect(await fleet.traces('a')).toMatchObject({ lease: 'dead', runs: 41 });
    expect(fleet.logged).toContain('janitor.run-left');
  });

  test('[I6] its run is canceled if that was requested', async () => {
    const { run } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    const cancel = b.instance.cancel(KEY, 10 * FOUND_MS);
    await flush();
    a.kill();
    await fleet.clock.advance(FOUND_MS);
    expect(await fleet.states()).toEqual([WORKING, CANCELED]);
    expect(await cancel).toHaveProperty('canceled');
  });

  test('[I6] its task still waits for input if the run has asked for it', async () => {
    const { run } = await begin(a, 'm1');
    await run.publish(statusOf(INPUT_REQUIRED));
    a.kill();
    await fleet.clock.advance(FOUND_MS);
    expect((await fleet.fold()).state).toMatchObject({ sealed: false });
    expect(await fences()).toBe(1);
    // A run of another instance continues the task.
    const next = await begin(b, 'm2');
    await next.run.publish(statusOf(COMPLETED));
    expect((await fleet.fold()).task()?.status?.state).toBe(COMPLETED);
  });

  test('[I6] the run of an unreadable log is ended once the log is readable again', async () => {
    const keys = ['task-1', 'task-2', 'task-3'].map((taskId) => ({ ...KEY, taskId }));
    for (const key of keys) {
      const { run } = await begin(a, `m-${key.taskId}`, key);
      await run.publish(taskOf(WORKING, { id: key.taskId }));
    }
    a.kill();
    const load = fleet.storage.memory.load.bind(fleet.storage.memory);
    const corrupt = new BackendError('corrupt-log', 'Records of the log are missing.');
    fleet.storage.memory.load = async (key) => {
      if (key.taskId === 'task-2') throw corrupt;
      return load(key);
    };
    await fleet.clock.advance(FOUND_MS);
    for (const key of [keys[0], keys[2]]) {
      expect(await fleet.states(key)).toEqual([WORKING, FAILED]);
    }
    expect(await fleet.traces('a')).toMatchObject({ lease: 'dead', runs: 1, queue: false });
    expect(b.instance.janitor.stats).toMatchObject({ cleaned: 0, failing: 1 });
    expect(fleet.logged).toContain('janitor.run-left');
    // Once the log is readable, its run is ended.
    fleet.storage.memory.load = load;
    await fleet.clock.advance(2 * CLEAN_MS);
    expect(await fleet.states(keys[1])).toEqual([WORKING, FAILED]);
    expect(await fleet.traces('a')).toEqual(NO_TRACES);
    expect(b.instance.janitor.stats).toMatchObject({ cleaned: 1, failing: 0 });
  });

  test('[I6] an unreadable intent does not delay the end of other runs, and its lease stays', async () => {
    const { run } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    a.kill();
    const runs = fleet.registry.intents.bind(fleet.registry);
    const corrupt = new BackendError('corrupt-log', 'An item of an unknown version.');
    const patched: InstanceRegistry = fleet.registry;
    patched.intents = async (id, unreadable) => {
      if (id === 'a') unreadable?.(corrupt);
      return runs(id);
    };
    await fleet.clock.advance(2 * CLEAN_MS);
    expect(await fleet.states()).toEqual([WORKING, FAILED]);
    expect(await fleet.registry.lease('a')).toMatchObject({ state: 'dead' });
    expect(b.instance.janitor.stats).toMatchObject({ cleaned: 0, failing: 1 });
    patched.intents = runs;
    await fleet.clock.advance(2 * CLEAN_MS);
    expect(await fleet.traces('a')).toEqual(NO_TRACES);
  });

  test('[I6] its task stays open while another instance has a run of it', async () => {
    const [one, other] = [await begin(a, 'm1'), await begin(b, 'm2')];
    await one.run.publish(taskOf(WORKING));
    a.kill();
    await fleet.clock.advance(FOUND_MS);
    expect((await fleet.fold()).state.sealed).toBe(false);
    expect(await other.run.publish(statusOf(COMPLETED))).toBeDefined();
  });

  test('[I5] a run that has an intent and no start is fenced', async () => {
    await fleet.registry.putIntent({ instance: 'a', run: 'r', key: KEY, purpose: 'execute' });
    a.kill();
    await fleet.clock.advance(FOUND_MS);
    expect((await fleet.records()).map((r) => r.entries)).toEqual([
      [{ kind: 'fence', instance: 'a' }],
    ]);
    expect((await fleet.fold()).task()).toBeUndefined();
  });

  test('[I6] its intent stays until the head has the final status', async () => {
    const { run } = await begin(a, 'm1');
    fleet.storage.onHead = lost;
    await run.publish(statusOf(COMPLETED));
    a.kill();
    await fleet.clock.advance(FOUND_MS);
    expect(await fleet.traces('a')).toMatchObject({ lease: 'dead', runs: 1 });
    fleet.storage.onHead = (call) => call();
    await fleet.clock.advance(SETTINGS.beatMs);
    expect(await fleet.traces('a')).toMatchObject({ runs: 0 });
    expect(await listedTasks(fleet.storage, KEY)).toMatchObject([{ state: COMPLETED }]);
  });
});
