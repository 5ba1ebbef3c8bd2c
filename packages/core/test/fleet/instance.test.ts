import { listedTasks } from '@a2a-aws/testkit';
import { flush, Gate } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import { sleep } from '../../src/ports/clock.ts';
import { COMPLETED, FAILED, KEY, statusOf, taskOf, WORKING } from '../fixtures/events.ts';
import { begin, CLEAN_MS, Fleet, type Member, NO_TRACES, SETTINGS } from '../fixtures/fleet.ts';
import { lost } from '../fixtures/wrapped-storage.ts';

let fleet: Fleet;
let a: Member;

beforeEach(async () => {
  fleet = new Fleet();
  a = await fleet.start('a');
});

/** True once the promise has settled. */
const settled = (promise: Promise<unknown>): (() => boolean) => {
  let done = false;
  void promise.finally(() => {
    done = true;
  });
  return () => done;
};

describe('an instance that stops', () => {
  test('[I7] leaves only the facts of its lease, and the leader takes these', async () => {
    await a.instance.logs.follow(KEY);
    await a.instance.stop(10_000);
    expect(a.instance.phase).toBe('stopped');
    expect(await fleet.traces('a')).toMatchObject({ lease: undefined, runs: 0, queue: false });
    expect(await fleet.registry.retired(9)).toMatchObject([{ lease: { instance: 'a' } }]);
    expect(await fleet.registry.watchers(KEY)).toEqual([]);
    expect(a.deaths.count).toBe(0);
    await fleet.start('b');
    await fleet.clock.advance(CLEAN_MS);
    expect(await fleet.traces('a')).toEqual(NO_TRACES);
  });

  test('logs how many runs are open when the stop begins', async () => {
    await begin(a, 'm1');
    await a.instance.stop(0);
    expect(fleet.loggedFields.get('instance.stopping')).toMatchObject({ runs: 1, drainMs: 0 });
  });

  test('takes no new runs, and lets those that run finish', async () => {
    const { run, stops } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    const stop = a.instance.stop(10_000);
    const isDone = settled(stop);
    await fleet.clock.advance(5_000);
    expect(isDone()).toBe(false);
    expect(stops).toEqual([]);
    expect(() => a.instance.assertReady()).toThrowError(
      expect.objectContaining({ code: 'draining' }),
    );
    await run.publish(statusOf(COMPLETED));
    await a.instance.intents.finish(run);
    await stop;
    expect(await fleet.states()).toEqual([WORKING, COMPLETED]);
  });

  test('[I10] sends its clients away when its runs have ended, before it removes its reach', async () => {
    const { run } = await begin(a, 'm1');
    const { handoffSignal, signal } = a.instance;
    const seen: unknown[] = [];
    a.wire = (call, name) => {
      if (name === 'markDead') seen.push([name, handoffSignal.aborted, signal.aborted]);
      // The endpoint goes last, beginning with the watches.
      if (name === 'watches' && seen.length > 0)
        seen.push([name, handoffSignal.aborted, signal.aborted]);
      return call();
    };
    const stop = a.instance.stop(10_000);
    await fleet.clock.advance(5_000);
    expect(handoffSignal.aborted).toBe(false);
    await run.publish(statusOf(COMPLETED));
    await a.instance.intents.finish(run);
    await stop;
    expect(seen).toEqual([
      ['markDead', false, false],
      ['watches', true, false],
    ]);
    expect(signal.aborted).toBe(true);
  });

  test('logs it if others prevent it from declaring itself dead', async () => {
    const lease = fleet.registry.lease.bind(fleet.registry);
    let beat = 99;
    // A beat between each look at the lease and the mark.
    fleet.registry.lease = async (instance) => {
      const seen = await lease(instance);
      beat += 1;
      await fleet.registry.beat(instance, beat);
      return seen;
    };
    await a.instance.stop(0);
    expect(fleet.logged).toContain('instance.retire-failed');
    fleet.registry.lease = lease;
    await fleet.start('b');
    await fleet.clock.advance(CLEAN_MS);
    expect(await fleet.traces('a')).toEqual(NO_TRACES);
  });

  test('[I6] ends the runs that exceed its budget', async () => {
    const { run, stops } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    const stop = a.instance.stop(10_000);
    await fleet.clock.advance(10_000);
    await stop;
    expect(await fleet.states()).toEqual([WORKING, FAILED]);
    expect(stops).toEqual(['closed']);
    expect(await listedTasks(fleet.storage, KEY)).toMatchObject([{ state: FAILED }]);
    expect(await fleet.traces('a')).toMatchObject({ lease: undefined, runs: 0, queue: false });
    expect(await fleet.registry.retired(9)).toMatchObject([{ lease: { instance: 'a' } }]);
  });

  test('does not take its own end for a death', async () => {
    // Removing a queue takes its time, and a beat falls due meanwhile.
    const teardown = a.fanout.teardown.bind(a.fanout);
    a.fanout.teardown = async (...of) => {
      await sleep(fleet.clock, 2 * SETTINGS.beatMs);
      return teardown(...of);
    };
    const stop = a.instance.stop(0);
    await fleet.clock.advance(3 * SETTINGS.beatMs);
    await stop;
    expect(a.deaths.count).toBe(0);
    expect(a.instance.phase).toBe('stopped');
    expect(fleet.queues.has('a')).toBe(false);
  });

  test('[I7] removes its endpoint although a heartbeat arrives meanwhile', async () => {
    // A beat between the look at the lease and the mark.
    const lease = fleet.registry.lease.bind(fleet.registry);
    let looks = 0;
    fleet.registry.lease = async (instance) => {
      const seen = await lease(instance);
      looks += 1;
      if (looks === 1) await fleet.registry.beat(instance, 99);
      return seen;
    };
    await a.instance.stop(0);
    expect(await fleet.traces('a')).toMatchObject({ lease: undefined, queue: false });
  });

  test('[I6] stops although no write succeeds any more', async () => {
    const { run } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    fleet.storage.onPut = lost;
    const isDone = settled(a.instance.stop(10_000));
    await fleet.clock.advance(10 * 60_000);
    expect(isDone()).toBe(true);
  });

  test('[I6] stops although a head cannot be written', async () => {
    const { run } = await begin(a, 'm1');
    fleet.storage.onHead = lost;
    await run.publish(taskOf(WORKING));
    const isDone = settled(a.instance.stop(10_000));
    await fleet.clock.advance(10 * 60_000);
    expect(isDone()).toBe(true);
  });

  test('[I6] ends its runs and stops although a row cannot be read, and logs that row', async () => {
    const { run } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    fleet.spoil('intents', 'spoiled');
    await fleet.registry.putIntent({ instance: 'a', run: 'spoiled', key: KEY, purpose: 'execute' });
    const stop = a.instance.stop(0);
    await fleet.clock.advance(0);
    await stop;
    expect(await fleet.states()).toEqual([WORKING, FAILED]);
    expect(await fleet.registry.lease('a')).toMatchObject({ state: 'dead' });
    expect(fleet.queues.has('a')).toBe(false);
    expect(fleet.logged).toContain('instance.rows-unreadable');
    expect(fleet.logged).not.toContain('instance.teardown-failed');
  });

  test('may be stopped twice', async () => {
    await Promise.all([a.instance.stop(0), a.instance.stop(0)]);
    await a.instance.stop(0);
    expect(a.instance.phase).toBe('stopped');
  });

  test('[I5] leaves no run open that was requested right before', async () => {
    const held = settledWire(a);
    const begun = begin(a, 'm1').catch(() => {});
    await flush();
    const stop = a.instance.stop(0);
    await flush();
    held.open();
    await fleet.clock.advance(1_000);
    await stop;
    await begun;
    expect(a.deaths.count).toBe(0);
    const { state } = await fleet.fold();
    expect([...state.runs.values()].filter((run) => run.phase === 'open')).toEqual([]);
  });
});

/** Holds back the first call of an instance, from now on, until the gate opens. */
function settledWire(member: Member): Gate {
  const released = new Gate();
  let first = true;
  member.wire = async (call) => {
    if (first) {
      first = false;
      await released.opened;
    }
    return call();
  };
  return released;
}
