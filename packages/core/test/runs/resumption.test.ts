import { flush } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import { runResult } from '../../src/model/state.ts';
import type { Resumption } from '../../src/runs/resumption.ts';
import {
  AUTH_REQUIRED,
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
import {
  begin,
  CLEAN_MS,
  Fleet,
  FOUND_MS,
  type Member,
  NO_TRACES,
  SETTINGS,
} from '../fixtures/fleet.ts';

const RECORDED = '{"recorded":true}';

let fleet: Fleet;
let a: Member;
let b: Member;
let resumed: Resumption[];

beforeEach(async () => {
  fleet = new Fleet();
  resumed = [];
  fleet.resumer = (resumption) => resumed.push(resumption);
  a = await fleet.start('a');
  b = await fleet.start('b');
});

const first = (): Resumption => {
  const [resumption] = resumed;
  if (!resumption) throw new Error('Nothing was resumed.');
  return resumption;
};

describe('the run of a killed instance', () => {
  test('[I6] is executed again, with its message as it came', async () => {
    const { run } = await begin(a, 'm1', KEY, RECORDED);
    await run.publish(taskOf(WORKING));
    a.kill();
    await fleet.clock.advance(FOUND_MS);
    expect(resumed).toHaveLength(1);
    expect(first()).toMatchObject({
      message: message('m1'),
      contextId: 'context-1',
      digest: 'm1',
      recorded: RECORDED,
      run: { attempt: 2 },
    });
    await first().run.publish(statusOf(COMPLETED));
    await first().finish();
    expect(await fleet.states()).toEqual([WORKING, COMPLETED]);
    await fleet.clock.advance(CLEAN_MS);
    expect(await fleet.traces('a')).toEqual(NO_TRACES);
    expect(await fleet.traces('b')).toMatchObject({ runs: 0 });
  });

  test('[I5] is continued and fenced in one record', async () => {
    const { run } = await begin(a, 'm1', KEY, RECORDED);
    await run.publish(taskOf(WORKING));
    a.kill();
    await fleet.clock.advance(FOUND_MS);
    expect((await fleet.records()).at(-1)?.entries).toMatchObject([
      { kind: 'fence', instance: 'a' },
      { kind: 'start', resumes: run.id, attempt: 2, instance: 'b' },
    ]);
  });

  test('[I4] is continued once, however many janitors there are', async () => {
    await Promise.all(['c', 'd', 'e'].map((id) => fleet.start(id)));
    // Each believes to lead.
    fleet.registry.lead = async () => true;
    await begin(a, 'm1', KEY, RECORDED);
    a.kill();
    await fleet.clock.advance(FOUND_MS + CLEAN_MS);
    expect(resumed).toHaveLength(1);
    const starts = (await fleet.records())
      .flatMap(({ entries }) => entries)
      .filter(({ kind }) => kind === 'start');
    expect(starts).toHaveLength(2);
  });

  test('[I6] gives its result to the sender that waits for the message', async () => {
    const { run } = await begin(a, 'm1', KEY, RECORDED);
    await run.publish(taskOf(WORKING));
    a.kill();
    await fleet.clock.advance(FOUND_MS);
    const { state: before } = await fleet.fold();
    expect(runResult(before, run.id)).toBeUndefined();
    await first().run.publish(statusOf(COMPLETED));
    const { state } = await fleet.fold();
    expect(runResult(state, run.id)).toEqual(runResult(state, first().run.id));
    expect(runResult(state, run.id)).toBeDefined();
  });

  test('[I6] has the result of the run that continues it also once another has ended the task', async () => {
    const { run } = await begin(a, 'm1', KEY, RECORDED);
    await run.publish(taskOf(WORKING));
    a.kill();
    await fleet.clock.advance(FOUND_MS);
    await first().run.publish(statusOf(INPUT_REQUIRED));
    await first().finish();
    const { state: asked } = await fleet.fold();
    expect(runResult(asked, run.id)).toEqual({ generation: 2 });
    const next = await begin(b, 'm2');
    await next.run.publish(statusOf(COMPLETED));
    const { state } = await fleet.fold();
    expect(runResult(state, run.id)).toEqual({ generation: 2 });
  });

  test('[I6] is executed three times in all, then its task fails', async () => {
    const { run } = await begin(a, 'm1', KEY, RECORDED);
    await run.publish(taskOf(WORKING));
    const members = [a, b, await fleet.start('c'), await fleet.start('d')];
    for (const member of members.slice(0, 3)) {
      const runner = (await fleet.fold()).state.runs;
      expect([...runner.values()].at(-1)?.phase).toBe('open');
      const [instance] = [...runner.values()].slice(-1).map((one) => one.instance);
      (members.find((one) => one.instance.id === instance) ?? member).kill();
      await fleet.clock.advance(2 * FOUND_MS);
    }
    expect(resumed.map((one) => one.run.attempt)).toEqual([2, 3]);
    expect(await fleet.states()).toEqual([WORKING, FAILED]);
  });

  test('[I6] is executed again also if the next one dies before it has tidied up', async () => {
    const { run } = await begin(a, 'm1', KEY, RECORDED);
    await run.publish(taskOf(WORKING));
    // The row of b's clean-up stays, and so does the row of the run that b continues.
    b.wire = (call, name) => (name === 'removeIntent' ? new Promise(() => {}) : call());
    a.kill();
    await fleet.clock.advance(FOUND_MS);
    expect(await fleet.traces('b')).toMatchObject({ runs: 2 });
    await fleet.start('c');
    b.kill();
    await fleet.clock.advance(2 * FOUND_MS);
    expect(resumed.map((one) => one.run.attempt)).toEqual([2, 3]);
    expect(await fleet.states()).toEqual([WORKING]);
  });

  test('[I6] is not executed again if a cancel was requested', async () => {
    const { run } = await begin(a, 'm1', KEY, RECORDED);
    await run.publish(taskOf(WORKING));
    void b.instance.cancel(KEY, 10 * FOUND_MS);
    await flush();
    a.kill();
    await fleet.clock.advance(FOUND_MS);
    expect(resumed).toEqual([]);
    expect(await fleet.states()).toEqual([WORKING, CANCELED]);
  });

  test('is not executed again if it has already asked for input', async () => {
    const { run } = await begin(a, 'm1', KEY, RECORDED);
    await run.publish(statusOf(INPUT_REQUIRED));
    a.kill();
    await fleet.clock.advance(FOUND_MS);
    expect(resumed).toEqual([]);
    expect((await fleet.fold()).state).toMatchObject({ sealed: false });
  });

  test('is executed again if it waited for credentials', async () => {
    const { run } = await begin(a, 'm1', KEY, RECORDED);
    await run.publish(statusOf(AUTH_REQUIRED));
    a.kill();
    await fleet.clock.advance(FOUND_MS);
    expect(resumed).toHaveLength(1);
  });

  test.each([
    ['nothing was recorded of it', async () => void (await begin(a, 'm1'))],
    [
      'nobody here can execute it',
      async () => {
        fleet.resumer = undefined;
        await begin(a, 'm1', KEY, RECORDED);
      },
    ],
  ])('[I6] fails if %s', async (_, start) => {
    await start();
    a.kill();
    await fleet.clock.advance(FOUND_MS);
    expect(resumed).toEqual([]);
    expect(await fleet.states()).toEqual([FAILED]);
  });

  test('[I6] waits for its executor while it is not known which executor that is', async () => {
    const { run } = await begin(a, 'm1', KEY, RECORDED);
    await run.publish(taskOf(WORKING));
    const resumer = fleet.resumer;
    fleet.resumer = 'undecided';
    a.kill();
    await fleet.clock.advance(FOUND_MS);
    expect(await fleet.states()).toEqual([WORKING]);
    fleet.resumer = resumer;
    await fleet.clock.advance(SETTINGS.beatMs);
    expect(first().run).toMatchObject({ attempt: 2 });
    expect(await fleet.states()).toEqual([WORKING]);
  });

  test('[I6] does not wait forever', async () => {
    const { run } = await begin(a, 'm1', KEY, RECORDED);
    await run.publish(taskOf(WORKING));
    fleet.resumer = 'undecided';
    a.kill();
    await fleet.clock.advance(FOUND_MS + SETTINGS.leaseMs + SETTINGS.beatMs);
    expect(await fleet.states()).toEqual([WORKING, FAILED]);
  });

  test('[I5] that was only slow adds no event once another continues it', async () => {
    const { run, stops } = await begin(a, 'm1', KEY, RECORDED);
    await run.publish(taskOf(WORKING));
    // As a process that is stopped: nothing of it gets through, for longer than the lease.
    const held: (() => void)[] = [];
    a.wire = (call) => new Promise((resolve) => held.push(() => resolve(call())));
    const late = run.publish(chunkOf('late', 'x'));
    await fleet.clock.advance(FOUND_MS);
    expect(resumed).toHaveLength(1);
    a.wire = (call) => call();
    for (const release of held) release();
    await fleet.clock.advance(SETTINGS.beatMs);
    expect(await late).toBeUndefined();
    expect(stops).toEqual(['closed']);
    expect(run.signal.aborted).toBe(true);
    expect((await fleet.fold()).task()?.artifacts).toEqual([]);
  });
});

describe('a run of an instance that stops first', () => {
  test('[I6] is executed again on another instance, and fails for no reader', async () => {
    const { run } = await begin(a, 'm1', KEY, RECORDED);
    await run.publish(taskOf(WORKING));
    const stop = a.instance.stop(1_000);
    await fleet.clock.advance(1_000);
    await stop;
    await fleet.clock.advance(2 * SETTINGS.beatMs);
    expect(first().run).toMatchObject({ attempt: 2 });
    expect(await fleet.states()).toEqual([WORKING]);
  });

  test('[I6] fails for no reader either if the instance was cleaning up its log', async () => {
    await begin(a, 'm1', KEY, RECORDED);
    await fleet.registry.putIntent({ instance: 'a', run: 'late', key: KEY, purpose: 'clean' });
    const stop = a.instance.stop(0);
    await fleet.clock.advance(2 * SETTINGS.beatMs);
    await stop;
    expect(first().run).toMatchObject({ attempt: 2 });
    expect(await fleet.states()).toEqual([]);
  });

  test('[I6] is soon executed again, even if another log refuses appends', async () => {
    await begin(a, 'm1', KEY, RECORDED);
    await begin(a, 'm2', { ...KEY, taskId: 'task-2' });
    a.wire = (call, name) => (name === 'putRecord' ? new Promise(() => {}) : call());
    const stop = a.instance.stop(0);
    // Not only once its lease has run out.
    await fleet.clock.advance(10_000 + SETTINGS.beatMs);
    await stop;
    expect(first().run).toMatchObject({ attempt: 2 });
  });

  test('is not taken up by an instance that stops as well', async () => {
    await begin(a, 'm1', KEY, RECORDED);
    await begin(b, 'm2', { ...KEY, taskId: 'task-2' });
    const stop = b.instance.stop(10 * FOUND_MS);
    a.kill();
    await fleet.clock.advance(2 * FOUND_MS);
    expect(resumed).toEqual([]);
    const c = await fleet.start('c');
    await fleet.clock.advance(2 * FOUND_MS);
    expect(first().run.open).toBe(c.instance.logs.acquire(KEY));
    await fleet.clock.advance(10 * FOUND_MS);
    await stop;
  });
});
