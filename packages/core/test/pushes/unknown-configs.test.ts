import { Gate } from '@a2a-aws/testkit/fakes';
import { beforeEach, expect, test } from 'vitest';
import { COMPLETED, INPUT_REQUIRED, KEY, statusOf, taskOf, WORKING } from '../fixtures/events.ts';
import { begin, type Fleet, type Member } from '../fixtures/fleet.ts';
import { pushingFleet, pushOf } from '../fixtures/pushing.ts';
import { Webhooks } from '../fixtures/webhooks.ts';

let fleet: Fleet;
/** The configurations that instance b knows. */
let hooks: Webhooks;
/** The configurations that instance a knows, which leaves all others. */
let known: Webhooks;
let a: Member;
let b: Member;

beforeEach(async () => {
  ({ fleet, hooks, a, b } = await pushingFleet());
  known = new Webhooks();
  known.leavesUnknown = true;
  fleet.transports.set('a', known);
});

const TERMS = { version: '1.0', latestOnly: false };

test('[I6] events that an instance leaves are delivered by the next that appends to the task', async () => {
  hooks.set(KEY, 'x');
  const { run } = await begin(a, 'm1', KEY, undefined, pushOf('x'));
  await run.publish(taskOf(INPUT_REQUIRED));
  await a.instance.intents.finish(run);
  await fleet.clock.advance(10_000);
  expect(hooks.attempts).toBe(0);

  const { run: second } = await begin(b, 'm2');
  await second.publish(statusOf(COMPLETED));
  await b.instance.intents.finish(second);
  await fleet.clock.advance(10_000);
  expect(hooks.texts('x')).toEqual(['INPUT_REQUIRED', 'COMPLETED']);
});

test('[I6] an event is delivered that is appended before its new configuration is stored', async () => {
  const { run } = await begin(a, 'm1');
  await run.publish(taskOf(WORKING));
  const stored = new Gate();
  const set = b.instance.pushes?.setConfig(KEY, 'x', TERMS, async () => {
    await stored.opened;
    for (const one of [hooks, known]) one.set(KEY, 'x');
  });
  await fleet.clock.advance(100);
  await run.publish(statusOf(COMPLETED));
  await a.instance.intents.finish(run);
  await fleet.clock.advance(10_000);
  stored.open();
  await fleet.clock.advance(10_000);
  await set;
  expect([...hooks.texts('x'), ...known.texts('x')]).toEqual(['COMPLETED']);
});

test('an instance that leaves many events makes few calls', async () => {
  hooks.set(KEY, 'x');
  const { run } = await begin(a, 'm1', KEY, undefined, pushOf('x'));
  await run.publish(taskOf(WORKING));
  let calls = 0;
  a.wire = (call, name) => {
    if (['claim', 'release', 'save', 'receivers'].includes(name)) calls += 1;
    return call();
  };
  const canDeliver = known.canDeliver.bind(known);
  known.canDeliver = (key, configs) => {
    calls += 1;
    return canDeliver(key, configs);
  };
  for (let n = 0; n < 100; n += 1) {
    await run.publish(statusOf(WORKING));
    await fleet.clock.advance(100);
  }
  expect(calls).toBeLessThan(50);
});

test('[I6] events that were left are delivered once this instance has another transport', async () => {
  hooks.set(KEY, 'x');
  const { run } = await begin(a, 'm1', KEY, undefined, pushOf('x'));
  await run.publish(taskOf(INPUT_REQUIRED));
  await a.instance.intents.finish(run);
  await fleet.clock.advance(10_000);
  fleet.transports.delete('a');
  a.instance.pushes?.retryLeft();
  await fleet.clock.advance(10_000);
  expect(hooks.texts('x')).toEqual(['INPUT_REQUIRED']);
  expect(await fleet.registry.intents('a')).toEqual([]);
});

test('[I7] a configuration that is removed after the end of its task leaves no intent', async () => {
  for (const one of [hooks, known]) one.set(KEY, 'x');
  known.answer = async () => ({ kind: 'retry', reason: 'http-503' });
  const { run } = await begin(a, 'm1', KEY, undefined, pushOf('x'));
  await run.publish(taskOf(WORKING));
  await run.publish(statusOf(COMPLETED));
  await a.instance.intents.finish(run);
  await fleet.clock.advance(1_000);
  for (const one of [hooks, known]) one.remove(KEY, 'x');
  await b.instance.pushes?.removeConfig(KEY, 'x');
  await fleet.clock.advance(600_000);
  expect(await fleet.registry.intents('a')).toEqual([]);
});

test('[I6] an event that is appended during a look-up without success is not forgotten', async () => {
  const gate = new Gate();
  const canDeliver = known.canDeliver.bind(known);
  known.canDeliver = async (key, configs) => {
    const can = await canDeliver(key, configs);
    await gate.opened;
    return can;
  };
  const { run } = await begin(a, 'm1', KEY, undefined, pushOf('x'));
  void run.publish(taskOf(WORKING));
  await fleet.clock.advance(100);
  known.set(KEY, 'x');
  void run.publish(statusOf(COMPLETED));
  await fleet.clock.advance(100);
  await a.instance.intents.finish(run);
  gate.open();
  await fleet.clock.advance(10_000);
  expect(known.texts('x')).toEqual(['WORKING', 'COMPLETED']);
});
