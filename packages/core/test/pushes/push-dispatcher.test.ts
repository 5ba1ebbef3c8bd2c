import { flush, Gate } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import type { TaskEvent } from '../../src/a2a/event.ts';
import { proposePush } from '../../src/model/proposal.ts';
import type { Run } from '../../src/runs/run.ts';
import {
  CANCELED,
  COMPLETED,
  chunkOf,
  FAILED,
  INPUT_REQUIRED,
  KEY,
  statusOf,
  taskOf,
  WORKING,
} from '../fixtures/events.ts';
import { begin, CLEAN_MS, type Fleet, FOUND_MS, type Member } from '../fixtures/fleet.ts';
import { pushingFleet, pushingRun, pushOf } from '../fixtures/pushing.ts';
import { LIMIT_MS, type Webhooks } from '../fixtures/webhooks.ts';

const HOUR_MS = 60 * 60 * 1000;

let fleet: Fleet;
let hooks: Webhooks;
let a: Member;
let b: Member;

beforeEach(async () => {
  ({ fleet, hooks, a, b } = await pushingFleet());
});

/** Sets a configuration of a task that exists, as a member does. */
async function setConfig(member: Member, config: string): Promise<void> {
  const { logs, intents, pushes } = member.instance;
  const { open, release } = await logs.follow(KEY);
  await open.log.append(proposePush(intents.author(KEY), pushOf(config)));
  hooks.set(KEY, config);
  await pushes?.secure(KEY);
  release();
}

/** Starts a run that sets the configuration `x`. */
const running = (member: Member, name?: string) => pushingRun(hooks, member, name);

/** Publishes an event that may wait for others. */
async function published(run: Run, event: TaskEvent): Promise<void> {
  const done = run.publish(event);
  await fleet.clock.advance(300);
  await done;
}

async function intentsOf(id: string): Promise<string[]> {
  return (await fleet.registry.intents(id)).map(({ purpose }) => purpose);
}

test('[I6] every event of a run is delivered, in order, and leaves no intent', async () => {
  const run = await running(a);
  await run.publish(taskOf(WORKING));
  await published(run, chunkOf('one', 'text'));
  await run.publish(statusOf(COMPLETED));
  await a.instance.intents.finish(run);
  await fleet.clock.advance(1_000);

  expect(hooks.accepted('x').map(({ text }) => text)).toEqual([
    'WORKING',
    'artifact one',
    'COMPLETED',
  ]);
  expect(new Set(hooks.accepted('x').map(({ id }) => id)).size).toBe(3);
  expect(await intentsOf('a')).toEqual([]);
  expect(a.instance.pushes?.active).toBe(0);
});

test('a task without configurations makes no call of the ledger', async () => {
  const calls: string[] = [];
  a.wire = (call, name) => {
    calls.push(name);
    return call();
  };
  const { run } = await begin(a, 'm1');
  await run.publish(taskOf(WORKING));
  await run.publish(statusOf(COMPLETED));
  await a.instance.intents.finish(run);
  await fleet.clock.advance(1_000);
  expect(calls.filter((name) => ['claim', 'save', 'receivers', 'release'].includes(name))).toEqual(
    [],
  );
});

test('a task with configurations makes no call while nothing happens', async () => {
  const run = await running(a);
  await run.publish(taskOf(WORKING));
  await run.publish(statusOf(INPUT_REQUIRED));
  await a.instance.intents.finish(run);
  await fleet.clock.advance(1_000);
  const calls: string[] = [];
  a.wire = (call, name) => {
    if (name !== 'beat') calls.push(name);
    return call();
  };
  await fleet.clock.advance(4_000);
  expect(calls.filter((name) => name !== 'leases' && name !== 'leader')).toEqual([]);
  expect(hooks.texts('x')).toEqual(['WORKING', 'INPUT_REQUIRED']);
});

test('a configuration receives no event from before its creation', async () => {
  const { run } = await begin(a, 'm1');
  await run.publish(taskOf(WORKING));
  await published(run, chunkOf('before', 'text'));
  await setConfig(b, 'late');
  await published(run, chunkOf('after', 'text'));
  await run.publish(statusOf(COMPLETED));
  await a.instance.intents.finish(run);
  await fleet.clock.advance(1_000);
  expect(hooks.texts('late')).toEqual(['artifact after', 'COMPLETED']);
});

test('[I6] events of another run, on another instance, are delivered too', async () => {
  const run = await running(a);
  await run.publish(taskOf(WORKING));
  const { run: second } = await begin(b, 'm2');
  await published(second, chunkOf('two', 'text'));
  await published(run, chunkOf('one', 'text'));
  await b.instance.intents.finish(second);
  await run.publish(statusOf(COMPLETED));
  await a.instance.intents.finish(run);
  await fleet.clock.advance(1_000);
  expect(hooks.texts('x')).toEqual(['WORKING', 'artifact two', 'artifact one', 'COMPLETED']);
  expect(hooks.attempts).toBe(4);
});

test('[I6] a cancel on another instance is delivered', async () => {
  const run = await running(a);
  await run.publish(taskOf(INPUT_REQUIRED));
  await a.instance.intents.finish(run);
  await fleet.clock.advance(1_000);
  await b.instance.cancel(KEY, 1_000);
  await fleet.clock.advance(1_000);
  expect(hooks.texts('x')).toEqual(['INPUT_REQUIRED', 'CANCELED']);
  expect(await fleet.states()).toEqual([INPUT_REQUIRED, CANCELED]);
});

test('[I6] FAILED of a run whose instance was lost is delivered', async () => {
  const run = await running(a);
  await run.publish(taskOf(WORKING));
  await flush();
  a.kill();
  await fleet.clock.advance(FOUND_MS);
  expect(await fleet.states()).toEqual([WORKING, FAILED]);
  expect(hooks.texts('x')).toEqual(['WORKING', 'FAILED']);
  await fleet.clock.advance(CLEAN_MS);
  expect(await intentsOf('a')).toEqual([]);
  expect(await intentsOf('b')).toEqual([]);
});

test('[I6] events that a lost instance had not delivered are delivered by another', async () => {
  hooks.answer = async () => ({ kind: 'retry', reason: 'http-503' });
  const run = await running(a);
  await run.publish(taskOf(WORKING));
  await run.publish(statusOf(COMPLETED));
  await a.instance.intents.finish(run);
  await fleet.clock.advance(5_000);
  expect(await intentsOf('a')).toEqual(['push']);
  a.kill();
  hooks.answer = async () => ({ kind: 'delivered' });
  await fleet.clock.advance(FOUND_MS);
  expect(hooks.texts('x')).toEqual(['WORKING', 'COMPLETED']);
  await fleet.clock.advance(CLEAN_MS);
  expect(await intentsOf('b')).toEqual([]);
});

test('[I6] events of a configuration that is not known here are left to another process', async () => {
  hooks.leavesUnknown = true;
  const run = await running(a);
  hooks.remove(KEY, 'x');
  await run.publish(taskOf(WORKING));
  await run.publish(statusOf(COMPLETED));
  await a.instance.intents.finish(run);
  await fleet.clock.advance(10_000);
  expect(hooks.attempts).toBe(0);
  expect(await intentsOf('a')).toEqual(['push']);
  hooks.set(KEY, 'x');
  a.kill();
  await fleet.clock.advance(FOUND_MS);
  expect(hooks.texts('x')).toEqual(['WORKING', 'COMPLETED']);
});

describe('a receiver that fails', () => {
  test('gets the same id at each attempt, with growing pauses, and no later event before', async () => {
    const seen: { id: string; at: number }[] = [];
    hooks.answer = async (_, { id }) => {
      seen.push({ id, at: fleet.clock.now() });
      return seen.length < 5 ? { kind: 'retry', reason: 'http-503' } : { kind: 'delivered' };
    };
    const run = await running(a);
    await run.publish(taskOf(WORKING));
    await run.publish(statusOf(COMPLETED));
    await a.instance.intents.finish(run);
    await fleet.clock.advance(10_000);
    expect(new Set(seen.slice(0, 5).map(({ id }) => id)).size).toBe(1);
    const gaps = seen.slice(1, 5).map(({ at }, n) => at - (seen[n]?.at ?? 0));
    for (const [n, gap] of gaps.entries()) {
      expect(gap).toBeGreaterThanOrEqual(150 * 2 ** n);
      expect(gap).toBeLessThanOrEqual(300 * 2 ** n);
    }
    expect(hooks.texts('x')).toEqual(['WORKING', 'COMPLETED']);
  });

  test('does not delay the other configurations of the task', async () => {
    hooks.answer = async (config) =>
      config === 'x' ? { kind: 'retry', reason: 'http-503' } : { kind: 'delivered' };
    const run = await running(a);
    await run.publish(taskOf(WORKING));
    await setConfig(a, 'healthy');
    await run.publish(statusOf(COMPLETED));
    await a.instance.intents.finish(run);
    await fleet.clock.advance(1_000);
    expect(hooks.texts('healthy')).toEqual(['COMPLETED']);
    hooks.answer = async () => ({ kind: 'delivered' });
    await fleet.clock.advance(HOUR_MS);
    expect(hooks.texts('x')).toEqual(['WORKING', 'COMPLETED']);
  });

  test('is given up after the limit, which outlives the instance, and is visible', async () => {
    hooks.answer = async () => ({ kind: 'retry', reason: 'http-503' });
    const run = await running(a);
    await run.publish(taskOf(WORKING));
    await run.publish(statusOf(COMPLETED));
    await a.instance.intents.finish(run);
    await fleet.clock.advance(LIMIT_MS / 2);
    a.kill();
    await fleet.clock.advance(LIMIT_MS / 2 + HOUR_MS);
    expect(fleet.loggedFields.get('push.given-up')).toMatchObject({ reason: 'http-503' });
    expect((await b.instance.pushes?.progress(KEY))?.get('x')).toMatchObject({
      failure: 'http-503',
    });
    const { attempts } = hooks;
    await fleet.clock.advance(LIMIT_MS);
    expect(hooks.attempts).toBe(attempts);
    expect(await intentsOf('b')).toEqual([]);
  });

  test('that was given up gets the rest of the events once it is redriven', async () => {
    hooks.answer = async () => ({ kind: 'refused', reason: 'http-404' });
    const run = await running(a);
    await run.publish(taskOf(WORKING));
    await run.publish(statusOf(COMPLETED));
    await a.instance.intents.finish(run);
    await fleet.clock.advance(1_000);
    expect(hooks.attempts).toBe(1);
    hooks.answer = async () => ({ kind: 'delivered' });
    await b.instance.pushes?.restart(KEY);
    await fleet.clock.advance(1_000);
    expect(hooks.texts('x')).toEqual(['WORKING', 'COMPLETED']);
    expect((await b.instance.pushes?.progress(KEY))?.get('x')?.failure).toBeUndefined();
  });

  test('receives nothing more once its configuration is removed, even if the task has ended', async () => {
    hooks.answer = async () => ({ kind: 'retry', reason: 'http-503' });
    const run = await running(a);
    await run.publish(taskOf(WORKING));
    await run.publish(statusOf(COMPLETED));
    await a.instance.intents.finish(run);
    await fleet.clock.advance(5_000);
    hooks.remove(KEY, 'x');
    hooks.answer = async () => ({ kind: 'delivered' });
    await fleet.clock.advance(HOUR_MS);
    expect(hooks.accepted('x')).toEqual([]);
    expect(await intentsOf('a')).toEqual([]);
  });

  test('does not hold up a stop, and another instance continues', async () => {
    hooks.answer = async () => ({ kind: 'retry', reason: 'http-503' });
    const run = await running(a);
    await run.publish(taskOf(WORKING));
    await run.publish(statusOf(COMPLETED));
    await a.instance.intents.finish(run);
    await fleet.clock.advance(5_000);
    const stopped = { at: 0 };
    const since = fleet.clock.now();
    void a.instance.stop(60_000).then(() => {
      stopped.at = fleet.clock.now();
    });
    await fleet.clock.advance(10_000);
    expect(stopped.at - since).toBeLessThan(5_000);
    hooks.answer = async () => ({ kind: 'delivered' });
    await fleet.clock.advance(FOUND_MS);
    expect(hooks.texts('x')).toEqual(['WORKING', 'COMPLETED']);
  });
});

test('a configuration that wants only the latest events misses none that ends or interrupts', async () => {
  const gate = new Gate();
  hooks.answer = async () => {
    await gate.opened;
    return { kind: 'delivered' };
  };
  hooks.set(KEY, 'x');
  const { run } = await begin(a, 'm1', KEY, undefined, pushOf('x', true));
  await run.publish(taskOf(WORKING));
  await flush();
  for (const id of ['1', '2', '3']) await published(run, chunkOf(id, 'text'));
  await run.publish(statusOf(INPUT_REQUIRED));
  for (const id of ['4', '5', '6']) await published(run, chunkOf(id, 'text'));
  gate.open();
  await fleet.clock.advance(1_000);
  expect(hooks.texts('x')).toEqual(['WORKING', 'INPUT_REQUIRED', 'artifact 6']);
});

test('progress is saved once for many events of a burst', async () => {
  let saves = 0;
  a.wire = (call, name) => {
    if (['claim', 'save', 'release', 'receivers', 'ask'].includes(name)) saves += 1;
    return call();
  };
  const run = await running(a);
  await run.publish(taskOf(WORKING));
  for (let n = 0; n < 200; n += 1) void run.publish(chunkOf(`${n}`, 'text'));
  await run.publish(statusOf(COMPLETED));
  await a.instance.intents.finish(run);
  await fleet.clock.advance(1_000);
  expect(hooks.accepted('x')).toHaveLength(202);
  expect(saves).toBeLessThanOrEqual(10);
});
