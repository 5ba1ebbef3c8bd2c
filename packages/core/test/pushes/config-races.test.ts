import { flush, Gate } from '@a2a-aws/testkit/fakes';
import { beforeEach, expect, test } from 'vitest';
import { BackendError } from '../../src/errors.ts';
import { sleep } from '../../src/ports/clock.ts';
import {
  COMPLETED,
  chunkOf,
  INPUT_REQUIRED,
  KEY,
  statusOf,
  taskOf,
  WORKING,
} from '../fixtures/events.ts';
import { begin, type Fleet, type Member } from '../fixtures/fleet.ts';
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

test('[I6] COMPLETED is delivered to a config that was stored while a release was under way', async () => {
  const { run } = await begin(a, 'm1');
  await run.publish(taskOf(WORKING));
  const stored = new Gate();
  const gate = new Gate();
  let releases = 0;
  a.wire = async (call, name) => {
    const got = await call();
    if (name === 'release') releases += 1;
    if (name === 'release' && releases === 1) await gate.opened;
    return got;
  };
  const set = a.instance.pushes?.setConfig(
    KEY,
    'x',
    { version: '1.0', latestOnly: false },
    async () => {
      await stored.opened;
      hooks.set(KEY, 'x');
    },
  );
  await flush();
  await run.publish(statusOf(COMPLETED));
  await a.instance.intents.finish(run);
  await fleet.clock.advance(100);
  expect(releases).toBe(1);
  stored.open();
  await flush();
  await set;
  gate.open();
  await fleet.clock.advance(60_000);
  expect(hooks.texts('x')).toEqual(['COMPLETED']);
});

test('[I6] a config that was removed and created again receives no earlier events', async () => {
  hooks.answer = async (config) =>
    config === 'x' ? { kind: 'retry', reason: 'http-503' } : { kind: 'delivered' };
  const run = await running(a);
  hooks.set(KEY, 'y');
  await a.instance.pushes?.setConfig(
    KEY,
    'y',
    { version: '1.0', latestOnly: false },
    async () => {},
  );
  await run.publish(taskOf(WORKING));
  await run.publish(chunkOf('secret', 'text'));
  await a.instance.pushes?.setConfig(
    KEY,
    'y',
    { version: '1.0', latestOnly: false },
    async () => {},
  );
  await fleet.clock.advance(5_000);
  a.wire = async (call, name) => {
    if (name === 'receivers') await sleep(fleet.clock, 50);
    return call();
  };
  // The session looks the receivers up meanwhile.
  void a.instance.pushes?.setConfig(
    KEY,
    'y',
    { version: '1.0', latestOnly: false },
    async () => {},
  );
  await fleet.clock.advance(10);
  const removed = a.instance.pushes?.removeConfig(KEY, 'x'); // after the store's delete
  await fleet.clock.advance(10);
  await removed;
  const set = a.instance.pushes?.setConfig(
    KEY,
    'x',
    { version: '1.0', latestOnly: false },
    async () => hooks.set(KEY, 'x'),
  );
  await fleet.clock.advance(1_000);
  await set;
  hooks.answer = async () => ({ kind: 'delivered' });
  await run.publish(chunkOf('after', 'text'));
  await run.publish(statusOf(COMPLETED));
  await a.instance.intents.finish(run);
  await fleet.clock.advance(600_000);
  expect(hooks.texts('x')).toEqual(['artifact after', 'COMPLETED']);
});

test('[I6] a config that is replaced on another instance is used from then on', async () => {
  let url = 'old';
  const got: string[] = [];
  fleet.transport = {
    retry: hooks.retry,
    canDeliver: async () => true,
    mustLeave: () => false,
    receivers: async (_, ids) => {
      const to = url;
      return new Map(
        ids.map((id) => [
          id,
          {
            send: async () => {
              got.push(to);
              return { kind: 'delivered' as const };
            },
          },
        ]),
      );
    },
  };
  const run = await running(a);
  await run.publish(taskOf(WORKING));
  await fleet.clock.advance(1_000);
  const set = b.instance.pushes?.setConfig(
    KEY,
    'x',
    { version: '1.0', latestOnly: false },
    async () => {
      await sleep(fleet.clock, 50);
      url = 'new';
    },
  );
  await fleet.clock.advance(20_000);
  await set;
  for (let n = 0; n < 5; n += 1) {
    await run.publish(chunkOf(`${n}`, 'text'));
    await fleet.clock.advance(20_000);
  }
  expect(got).toEqual(['old', 'new', 'new', 'new', 'new', 'new']);
});

test('[I6] a config that cannot be read costs a bounded number of rows', async () => {
  const { receivers } = hooks;
  hooks.receivers = async () => {
    throw new BackendError('corrupt-log', 'A config of another release.');
  };
  const run = await running(a);
  await run.publish(taskOf(WORKING));
  for (let n = 0; n < 20; n += 1) {
    void run.publish(chunkOf(`${n}`, 'text'));
    await fleet.clock.advance(1_000);
  }
  await run.publish(statusOf(COMPLETED));
  await a.instance.intents.finish(run);
  await fleet.clock.advance(1_000);
  const rows = (await fleet.registry.intents('a')).map(({ purpose }) => purpose);
  hooks.receivers = receivers;
  expect(rows.length).toBeLessThan(3);
});

test('[I6] a failed config that a message sets again continues', async () => {
  hooks.answer = async () => ({ kind: 'refused', reason: 'http-404' });
  const run = await running(a);
  await run.publish(taskOf(INPUT_REQUIRED));
  await a.instance.intents.finish(run);
  await fleet.clock.advance(1_000);
  hooks.answer = async () => ({ kind: 'delivered' });
  const second = await running(a, 'm2'); // the same id, in the message
  await second.publish(statusOf(COMPLETED));
  await a.instance.intents.finish(second);
  await fleet.clock.advance(60_000);
  expect(hooks.texts('x')).toEqual(['INPUT_REQUIRED', 'COMPLETED']);
});

test('[I6] a config that was removed after the end and created again receives no earlier events', async () => {
  hooks.answer = async () => ({ kind: 'retry', reason: 'http-503' });
  const run = await running(a);
  await run.publish(taskOf(WORKING));
  await run.publish(statusOf(COMPLETED));
  await a.instance.intents.finish(run);
  await fleet.clock.advance(5_000);
  hooks.remove(KEY, 'x');
  await a.instance.pushes?.removeConfig(KEY, 'x');
  await fleet.clock.advance(600_000);
  hooks.answer = async () => ({ kind: 'delivered' });
  await a.instance.pushes?.setConfig(KEY, 'x', { version: '1.0', latestOnly: false }, async () =>
    hooks.set(KEY, 'x'),
  );
  await fleet.clock.advance(600_000);
  expect(hooks.texts('x')).toEqual([]);
});

test('a look-up that fails between attempts is logged, and a lasting fault of it ends the configuration', async () => {
  hooks.answer = async () => {
    hooks.fault = new BackendError('unreachable', 'No answer.');
    return { kind: 'retry', reason: 'http-503' };
  };
  const run = await running(a);
  await run.publish(taskOf(INPUT_REQUIRED));
  await a.instance.intents.finish(run);
  await fleet.clock.advance(5_000);
  expect(fleet.logged).toContain('push.store-retried');
  hooks.fault = new BackendError('corrupt-log', 'A config of another release.');
  await fleet.clock.advance(5_000);
  expect(fleet.loggedFields.get('push.given-up')).toMatchObject({ reason: 'corrupt-log' });
  expect((await a.instance.pushes?.progress(KEY))?.get('x')?.failure).toBe('corrupt-log');
});

test('[I6] COMPLETED is delivered to a config that was stored after another instance was asked', async () => {
  const { run } = await begin(a, 'm1');
  await run.publish(taskOf(WORKING));
  let asks = 0;
  b.wire = async (call, name) => {
    if (name === 'ask') asks += 1;
    await sleep(fleet.clock, 50);
    return call();
  };
  const set = b.instance.pushes?.setConfig(
    KEY,
    'x',
    { version: '1.0', latestOnly: false },
    async () => {
      await sleep(fleet.clock, 800);
      hooks.set(KEY, 'x');
    },
  );
  for (let n = 0; n < 1_000 && run.open.log.state.pushes.size === 0; n += 1) {
    await fleet.clock.advance(1);
  }
  await run.publish(statusOf(COMPLETED));
  await fleet.clock.advance(500);
  expect(asks).toBe(1);
  await a.instance.intents.finish(run);
  await fleet.clock.advance(60_000);
  await set;
  expect(hooks.texts('x')).toEqual(['COMPLETED']);
});
