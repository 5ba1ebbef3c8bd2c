import { flush, Gate } from '@a2a-aws/testkit/fakes';
import { beforeEach, expect, test } from 'vitest';
import { sleep } from '../../src/ports/clock.ts';
import {
  CANCELED,
  COMPLETED,
  chunkOf,
  INPUT_REQUIRED,
  KEY,
  statusOf,
  taskOf,
  WORKING,
} from '../fixtures/events.ts';
import {
  begin,
  CLEAN_MS,
  type Fleet,
  FOUND_MS,
  type Member,
  NO_TRACES,
} from '../fixtures/fleet.ts';
import { pushingFleet, pushingRun } from '../fixtures/pushing.ts';
import type { Webhooks } from '../fixtures/webhooks.ts';

let fleet: Fleet;
let hooks: Webhooks;
let a: Member;
let b: Member;

beforeEach(async () => {
  ({ fleet, hooks, a, b } = await pushingFleet());
});

/** Starts a run that sets the configuration `x`. */
const running = (member: Member, name?: string) => pushingRun(hooks, member, name);

test('[I6] a stop with a failing receiver keeps the progress that was made', async () => {
  const run = await running(a);
  await run.publish(taskOf(WORKING));
  for (let n = 0; n < 50; n += 1) void run.publish(chunkOf(`${n}`, 'text'));
  await fleet.clock.advance(2_000);
  hooks.answer = async () => ({ kind: 'retry', reason: 'http-503' });
  await run.publish(statusOf(COMPLETED));
  await a.instance.intents.finish(run);
  await fleet.clock.advance(10_000);
  expect(hooks.accepted('x')).toHaveLength(51);
  const before = (await fleet.ledger.read(KEY)).get('x');
  // calls of a stop take a while
  a.wire = async (call) => {
    await sleep(fleet.clock, 100);
    return call();
  };
  void a.instance.stop(10_000);
  await fleet.clock.advance(5_000);
  const after = (await fleet.ledger.read(KEY)).get('x');
  hooks.answer = async () => ({ kind: 'delivered' });
  await fleet.clock.advance(FOUND_MS);
  expect(after).toEqual(before);
  expect(hooks.accepted('x')).toHaveLength(52);
});

test('[I6] a CANCELED that is appended while a release waits for a save is delivered', async () => {
  const run = await running(a);
  const gate = new Gate();
  let isSaving = false;
  a.wire = async (call, name) => {
    if (name === 'save' && !isSaving) {
      isSaving = true;
      await gate.opened;
    }
    return call();
  };
  await run.publish(taskOf(INPUT_REQUIRED));
  await fleet.clock.advance(300); // the save is under way
  expect(isSaving).toBe(true);
  await a.instance.intents.finish(run);
  await flush();
  await a.instance.cancel(KEY, 1_000);
  await flush();
  gate.open();
  await fleet.clock.advance(60_000);
  expect(await fleet.states()).toEqual([INPUT_REQUIRED, CANCELED]);
  expect(hooks.texts('x')).toEqual(['INPUT_REQUIRED', 'CANCELED']);
});

test('[I6] a redrive during a release is not forgotten', async () => {
  hooks.answer = async () => ({ kind: 'refused', reason: 'http-404' });
  const gate = new Gate();
  let releases = 0;
  const run = await running(a);
  await run.publish(taskOf(WORKING));
  await fleet.clock.advance(1_000);
  a.wire = async (call, name) => {
    const got = await call();
    if (name === 'release') releases += 1;
    if (name === 'release' && releases === 1) await gate.opened;
    return got;
  };
  await run.publish(statusOf(COMPLETED));
  await a.instance.intents.finish(run);
  await fleet.clock.advance(1_000);
  expect(releases).toBe(1);
  hooks.answer = async () => ({ kind: 'delivered' });
  await a.instance.pushes?.restart(KEY);
  gate.open();
  await fleet.clock.advance(60_000);
  expect(hooks.texts('x')).toEqual(['WORKING', 'COMPLETED']);
});

test('[I6] a run beside an instance that waits for a failing receiver makes few calls', async () => {
  hooks.answer = async () => ({ kind: 'retry', reason: 'http-503' });
  const run = await running(a);
  await run.publish(taskOf(INPUT_REQUIRED));
  await a.instance.intents.finish(run);
  await fleet.clock.advance(60_000);
  const calls: Record<string, number> = {};
  b.wire = async (call, name) => {
    await sleep(fleet.clock, 2);
    calls[name] = (calls[name] ?? 0) + 1;
    return call();
  };
  const starting = begin(b, 'm2');
  await fleet.clock.advance(1_000);
  const { run: second } = await starting;
  const n = 200;
  const published: unknown[] = [];
  for (let i = 0; i < n; i += 1) {
    published.push(second.publish(chunkOf(`${i}`, 'text')));
    await fleet.clock.advance(50);
  }
  await Promise.all(published);
  await fleet.clock.advance(1_000);
  expect((calls.claim ?? 0) + (calls.ask ?? 0)).toBeLessThan(60);
});

test('[I6] events of an instance that delivers none are delivered once it is gone', async () => {
  const run = await running(a);
  await run.publish(taskOf(INPUT_REQUIRED));
  await a.instance.intents.finish(run);
  await fleet.clock.advance(1_000);
  const { transport } = fleet;
  fleet.transport = undefined; // b has no handler
  const { run: second } = await begin(b, 'm2');
  await second.publish(statusOf(COMPLETED));
  await b.instance.intents.finish(second);
  await flush();
  fleet.transport = transport;
  expect((await fleet.registry.intents('b')).map(({ purpose }) => purpose)).toEqual(['push']);
  b.kill();
  await fleet.clock.advance(CLEAN_MS);
  expect(hooks.texts('x')).toEqual(['INPUT_REQUIRED', 'COMPLETED']);
});

test('[I6] a leader that delivers none keeps the duty of a lost instance for another', async () => {
  const c = await fleet.start('c');
  await fleet.clock.advance(10_000);
  const leads = [a, b, c].filter((m) => m.instance.janitor.stats.leads);
  const [leader] = leads as [Member];
  const [worker] = [a, b, c].filter((m) => m !== leader) as [Member];
  Object.defineProperty(leader.instance.pushes, 'isAble', { get: () => false });
  hooks.answer = async () => ({ kind: 'retry', reason: 'http-503' });
  const run = await running(worker);
  await run.publish(taskOf(WORKING));
  await fleet.clock.advance(1_000);
  worker.kill();
  hooks.answer = async () => ({ kind: 'delivered' });
  await fleet.clock.advance(CLEAN_MS);
  expect(await fleet.traces(worker.instance.id)).toEqual(NO_TRACES);
  leader.kill();
  await fleet.clock.advance(CLEAN_MS);
  expect(hooks.texts('x')).toEqual(['WORKING', 'FAILED']);
});

test('[I6] a record that was read elsewhere is not forgotten beside the claim of another instance', async () => {
  hooks.answer = async () => ({ kind: 'retry', reason: 'http-503' });
  const run = await running(a);
  await run.publish(taskOf(INPUT_REQUIRED));
  await a.instance.intents.finish(run);
  await fleet.clock.advance(2_000);
  let asks = 0;
  b.wire = (call, name) => {
    if (name === 'ask') asks += 1;
    return call();
  };
  await b.instance.pushes?.secure(KEY);
  await fleet.clock.advance(100);
  expect(asks).toBe(1);
  // As the janitor does, whose logs are others than those of clients.
  await b.instance.pushes?.secure(KEY, true);
  await fleet.clock.advance(2_000);
  expect(asks).toBe(2);
});

test('a transport that throws is a failed attempt', async () => {
  let attempts = 0;
  hooks.answer = async () => {
    attempts += 1;
    if (attempts === 1) throw new Error('Thrown on purpose.');
    return { kind: 'delivered' };
  };
  const run = await running(a);
  await run.publish(taskOf(INPUT_REQUIRED));
  await a.instance.intents.finish(run);
  await fleet.clock.advance(5_000);
  expect(hooks.texts('x')).toEqual(['INPUT_REQUIRED']);
  expect(fleet.loggedFields.get('push.failed')).toMatchObject({ reason: 'unexpected' });
});

test('an instance whose lease may have expired makes no attempt, and blames no receiver', async () => {
  const run = await running(a);
  const paused = new Gate();
  a.wire = async (call, name) => {
    if (name === 'beat') await paused.opened;
    return call();
  };
  b.kill(); // so that no instance declares the other one dead
  await fleet.clock.advance(20_200);
  void run.publish(taskOf(INPUT_REQUIRED));
  await fleet.clock.advance(500);
  expect(await fleet.states()).toEqual([INPUT_REQUIRED]);
  expect(hooks.attempts).toBe(0);
  expect(fleet.logged).not.toContain('push.failed');
  paused.open();
  await fleet.clock.advance(2_000);
  expect(hooks.texts('x')).toEqual(['INPUT_REQUIRED']);
});
