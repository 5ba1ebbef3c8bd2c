import { beforeEach, describe, expect, test } from 'vitest';
import { BackendError } from '../../src/errors.ts';
import { sleep } from '../../src/ports/clock.ts';
import { chunkOf, KEY, taskOf, WORKING } from '../fixtures/events.ts';
import {
  begin,
  CLEAN_MS,
  DOORBELL_MS,
  Fleet,
  type Member,
  NO_TRACES,
  SETTINGS,
} from '../fixtures/fleet.ts';
import { openTap } from '../fixtures/open-logs-fleet.ts';

const MINUTE_MS = 60_000;

let fleet: Fleet;
let member: Member;
/** The error that the calls of the fan-out reject with. */
let fault: BackendError | undefined;

beforeEach(() => {
  fleet = new Fleet();
  member = fleet.make('a');
  fault = undefined;
  member.wire = (call, name) =>
    fault && ['provision', 'teardown', 'check'].includes(name) ? Promise.reject(fault) : call();
});

const health = () => ({
  ready: member.instance.isServing,
  doorbell: member.instance.logs.doorbells.healthy,
  fault: member.instance.endpoint.fault,
});

async function start(doorbellMs = DOORBELL_MS): Promise<void> {
  const started = member.instance.start(doorbellMs);
  await fleet.clock.advance(DOORBELL_MS);
  await started;
}

describe('an instance without an endpoint', () => {
  test.each(['unreachable', 'topic-full'] as const)(
    '[I6] starts although it gets none (%s), and has one once it can',
    async (code) => {
      fault = new BackendError(code, 'Not now.');
      await start();
      expect(health()).toEqual({ ready: true, doorbell: false, fault: code });
      await fleet.clock.advance(10 * MINUTE_MS);
      expect(health()).toEqual({ ready: true, doorbell: false, fault: code });
      // Once an outage.
      expect(fleet.logged.filter((event) => event === 'doorbell.unavailable')).toHaveLength(1);

      fault = undefined;
      await fleet.clock.advance(MINUTE_MS);
      expect(health()).toEqual({ ready: true, doorbell: true, fault: undefined });
      expect(fleet.logged).toContain('doorbell.recovered');
      expect((await fleet.registry.lease('a'))?.address).toMatchObject({ queueUrl: 'queue-a' });
    },
  );

  test('[I6] serves at once if its start does not wait for the endpoint', async () => {
    member.wire = async (call, name) => {
      if (name === 'provision') await sleep(fleet.clock, 10 * SETTINGS.leaseMs);
      return call();
    };
    await member.instance.start();
    expect(health()).toEqual({ ready: true, doorbell: false, fault: 'provisioning' });
    await fleet.clock.advance(9 * SETTINGS.leaseMs);
    expect(await fleet.registry.lease('a')).toMatchObject({ state: 'alive' });
  });

  test.each(['access-denied', 'topic-not-found', 'configuration'] as const)(
    '[I7] whose first start fails with %s leaves no row and no queue',
    async (code) => {
      fault = new BackendError(code, 'Never.');
      const started = member.instance.start(DOORBELL_MS).catch((error: unknown) => error);
      await fleet.clock.advance(0);
      expect(await started).toMatchObject({ code });
      expect(member.instance.phase).toBe('stopped');
      fault = undefined;
      await fleet.start('b');
      await fleet.clock.advance(CLEAN_MS);
      expect(await fleet.traces('a')).toEqual(NO_TRACES);
    },
  );

  test('[I6] starts another life, whatever its first try returns', async () => {
    fault = new BackendError('access-denied', 'Revoked.');
    await start(0);
    expect(health()).toEqual({ ready: true, doorbell: false, fault: 'access-denied' });
  });

  test('[I6] gives its taps the records of others within a second, and its runs their cancel', async () => {
    fault = new BackendError('unreachable', 'Not now.');
    await start();
    const other = await fleet.start('b');
    const { run } = await begin(other, 'm1');
    await run.publish(taskOf(WORKING));
    const { tap } = await openTap(member.instance);
    await run.publish(chunkOf('x', 'one'));
    const next = tap.next();
    await fleet.clock.advance(1_000);
    expect((await next)?.deliveries).toHaveLength(1);

    const key = { ...KEY, taskId: 'task-2' };
    const { run: own, stops } = await begin(member, 'm2', key);
    await own.publish(taskOf(WORKING, { id: key.taskId }));
    const cancelled = other.instance.cancel(key, 3_000);
    await fleet.clock.advance(1_000);
    expect(stops).toEqual(['cancel']);
    await fleet.clock.advance(3_000);
    await cancelled;
  });

  test('[I7] stops and is cleaned up like any other', async () => {
    fault = new BackendError('unreachable', 'Not now.');
    await start();
    const stopped = member.instance.stop(0);
    await fleet.clock.advance(20_000);
    await stopped;
    fault = undefined;
    await fleet.start('b');
    await fleet.clock.advance(CLEAN_MS);
    expect(await fleet.traces('a')).toEqual(NO_TRACES);
  });
});

describe('an endpoint that is lost', () => {
  beforeEach(async () => {
    await start();
    await fleet.clock.advance(MINUTE_MS);
    expect(health()).toEqual({ ready: true, doorbell: true, fault: undefined });
  });

  const lease = async () => (await fleet.registry.lease('a'))?.address;

  test.each([false, true])(
    '[I6] with its queue has a new one within a minute; a tap is open: %s',
    async (isOpen) => {
      if (isOpen) await openTap(member.instance);
      fleet.queues.delete('a');
      expect(health()).toMatchObject({ doorbell: false, fault: 'lost' });
      await fleet.clock.advance(MINUTE_MS);
      expect(health()).toEqual({ ready: true, doorbell: true, fault: undefined });
      expect(fleet.queues.get('a')?.name).toBe('queue-a-r1');
      expect(fleet.logged.filter((event) => /^doorbell/.test(event))).toEqual([
        'doorbell.lost',
        'doorbell.recovered',
      ]);
    },
  );

  test.each([false, true])(
    '[I6] with its subscription works again within a minute; a tap is open: %s',
    async (isOpen) => {
      if (isOpen) await openTap(member.instance);
      Object.assign(fleet.queues.get('a') ?? {}, { subscribed: false });
      await fleet.clock.advance(MINUTE_MS);
      expect(health()).toEqual({ ready: true, doorbell: true, fault: undefined });
      expect(fleet.queues.get('a')?.name).toBe('queue-a');
      expect(fleet.logged).toContain('doorbell.lost');
    },
  );

  test('is not reported as working before it is known to work', async () => {
    Object.assign(fleet.queues.get('a') ?? {}, { subscribed: false });
    fault = new BackendError('unreachable', 'Not now.');
    await fleet.clock.advance(MINUTE_MS);
    expect(health()).toEqual({ ready: true, doorbell: false, fault: 'unreachable' });
  });

  test('is logged once, however long the repair takes', async () => {
    Object.assign(fleet.queues.get('a') ?? {}, { subscribed: false });
    fault = new BackendError('unreachable', 'Not now.');
    await fleet.clock.advance(10 * MINUTE_MS);
    const told = () => fleet.logged.filter((event) => /^doorbell/.test(event));
    expect(told()).toEqual(['doorbell.lost', 'doorbell.unavailable']);
    fault = undefined;
    await fleet.clock.advance(MINUTE_MS);
    expect(told()).toEqual(['doorbell.lost', 'doorbell.unavailable', 'doorbell.recovered']);
  });

  test('[I7] is replaced under a name that the lease holds before anything has it', async () => {
    const seen: [string, unknown][] = [];
    member.wire = async (call, name) => {
      if (['setAddress', 'provision', 'teardown'].includes(name)) {
        seen.push([name, await lease()]);
      }
      return call();
    };
    fleet.queues.delete('a');
    await fleet.clock.advance(4_000);
    const [old] = (await lease())?.former ?? [];
    expect(old).toMatchObject({ queueName: 'queue-a', subscriptionArn: 'queue-a' });
    expect(seen).toEqual([
      ['setAddress', expect.objectContaining({ queueName: 'queue-a' })],
      ['teardown', { queueName: 'queue-a-r1', former: [old] }],
      ['provision', { queueName: 'queue-a-r1', former: [old] }],
      ['setAddress', { queueName: 'queue-a-r1', former: [old] }],
    ]);
    // The former queue is removed once more, then forgotten.
    await fleet.clock.advance(SETTINGS.quarantineMs + 4_000);
    expect(seen.slice(4).map(([name]) => name)).toEqual(['teardown', 'setAddress']);
    expect(await lease()).toEqual({
      queueName: 'queue-a-r1',
      queueUrl: 'queue-a-r1',
      subscriptionArn: 'queue-a-r1',
    });
  });

  test('is replaced if its name belongs to an unusable queue', async () => {
    Object.assign(fleet.queues.get('a') ?? {}, { subscribed: false });
    const provision = member.fanout.provision.bind(member.fanout);
    member.fanout.provision = async (instance, name) => {
      if (name === 'queue-a') throw new BackendError('name-taken', 'It was changed.');
      return provision(instance, name);
    };
    await fleet.clock.advance(MINUTE_MS);
    expect(health()).toEqual({ ready: true, doorbell: true, fault: undefined });
    expect(fleet.queues.get('a')?.name).toBe('queue-a-r1');
  });

  test('[I5] of an instance that was declared dead meanwhile ends the instance, and creates nothing', async () => {
    await fleet.registry.markDead('a', (await fleet.registry.lease('a'))?.beat ?? 0);
    fleet.queues.delete('a');
    await fleet.clock.advance(4_000);
    expect(member.instance.phase).toBe('dead');
    expect(fleet.queues.has('a')).toBe(false);
    expect(member.deaths.count).toBe(1);
  });
});
