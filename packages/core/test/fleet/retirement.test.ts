import { seededEntropy } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import type { DeadInstanceCleanup } from '../../src/fleet/dead-instance-cleanup.ts';
import { Heartbeat } from '../../src/fleet/heartbeat.ts';
import type { InstanceEndpoint } from '../../src/fleet/instance-endpoint.ts';
import { InstanceRows } from '../../src/fleet/instance-rows.ts';
import { Retirement } from '../../src/fleet/retirement.ts';
import type { Role } from '../../src/fleet/role.ts';
import type { InstanceRegistry, Intent } from '../../src/ports/instance-registry.ts';
import { silentLogger } from '../../src/ports/logger.ts';
import { Intents } from '../../src/runs/intents.ts';
import type { TaskKey } from '../../src/task-key.ts';
import { KEY, message } from '../fixtures/events.ts';
import { SETTINGS } from '../fixtures/fleet.ts';
import { OpenLogsFleet } from '../fixtures/open-logs-fleet.ts';
import { unreadable } from '../fixtures/wrapped-storage.ts';

const never = (): Promise<never> => new Promise(() => {});
const other: TaskKey = { ...KEY, taskId: 'task-2' };

let fleet: OpenLogsFleet;
/** The steps that the retirement had others take. */
let steps: string[];

beforeEach(() => {
  fleet = new OpenLogsFleet();
  steps = [];
});

async function retiring(role: Role = 'server') {
  const { logs } = await fleet.peer('a');
  const { clock, registry } = fleet;
  const markDead = registry.markDead.bind(registry);
  registry.markDead = (...of) => {
    steps.push('dead');
    return markDead(...of);
  };
  const shared = { instance: 'a', registry, clock, entropy: seededEntropy('a') };
  const deps = { ...shared, logger: silentLogger, signal: new AbortController().signal };
  const about = { queueName: 'queue-a', settings: SETTINGS, role, died: () => {} };
  const heartbeat = new Heartbeat({ ...deps, ...about });
  await heartbeat.register();
  void heartbeat.runHeartbeat();
  const intents = new Intents({ ...deps, logs, heartbeat });
  const endpoint = {
    stop: () => void steps.push('stop endpoint'),
    remove: async () => void steps.push('remove own endpoint'),
  } as Partial<InstanceEndpoint> as InstanceEndpoint;
  const cleanup = {
    removeEndpoint: async () => void steps.push('remove endpoint'),
  } as Partial<DeadInstanceCleanup> as DeadInstanceCleanup;
  const parts = { logs, intents, heartbeat, endpoint, cleanup, rows: new InstanceRows(deps) };
  const retirement = new Retirement({ ...deps, ...parts, role, control: registry });
  const begin = async (key: TaskKey, resume?: string): Promise<void> => {
    const { taskId } = key;
    const request = { contextId: 'context-1', message: message(taskId), digest: taskId, resume };
    await intents.begin(key, request);
  };
  return { retirement, begin };
}

const isFenced = async (key: TaskKey): Promise<boolean> => {
  const entries = (await fleet.storage.records(key)).flatMap((record) => record.entries);
  return entries.some((entry) => entry.kind === 'fence' && entry.instance === 'a');
};

/** Resolves like `work`, while the clock advances. */
async function during<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let isDone = false;
  void work.then(() => {
    isDone = true;
  });
  await fleet.clock.advanceUntil(() => isDone, limitMs, 100);
  return work;
}

describe('an instance that retires', () => {
  test('[I5] fences its runs, then declares itself dead', async () => {
    const { retirement, begin } = await retiring();
    await begin(KEY);
    fleet.storage.onPut = (call) => {
      steps.push('fence');
      return call();
    };
    expect(retirement.isRetired).toBe(false);
    const lease = await retirement.retire();
    expect(lease).toMatchObject({ instance: 'a', state: 'dead' });
    expect(retirement.isRetired).toBe(true);
    expect(steps).toEqual(['fence', 'stop endpoint', 'dead']);
    expect(await isFenced(KEY)).toBe(true);
    expect(await fleet.registry.intents('a')).toEqual([]);
  });

  test('[I6] also fences a run whose intent was recorded before its death', async () => {
    const { retirement } = await retiring();
    const { registry } = fleet;
    const markDead = registry.markDead.bind(registry);
    registry.markDead = async (...of) => {
      await registry.putIntent({ instance: 'a', run: 'late', key: KEY, purpose: 'execute' });
      return markDead(...of);
    };
    await retirement.retire();
    expect(await isFenced(KEY)).toBe(true);
    expect(await registry.intents('a')).toEqual([]);
  });

  test('leaves the runs that another instance resumes', async () => {
    const { retirement, begin } = await retiring();
    await begin(KEY, '{"resume":true}');
    await begin(other);
    await retirement.retire();
    expect([await isFenced(KEY), await isFenced(other)]).toEqual([false, true]);
    expect(await fleet.registry.intents('a')).toMatchObject([{ key: KEY }]);
  });

  test('[I6] leaves a run whose log takes no record, and ends the others', async () => {
    const { retirement, begin } = await retiring();
    await begin(KEY);
    await begin(other);
    const put = fleet.storage.putRecord.bind(fleet.storage);
    fleet.storage.putRecord = (key, record) =>
      key.taskId === KEY.taskId ? Promise.reject(unreadable()) : put(key, record);
    expect(await retirement.retire()).toMatchObject({ state: 'dead' });
    expect(await isFenced(other)).toBe(true);
    expect(await fleet.registry.intents('a')).toMatchObject([{ key: KEY }]);
  });

  test('[I6] is declared dead after 4 s if a fence gets no answer, and retires within 6 s', async () => {
    const { retirement, begin } = await retiring();
    await begin(KEY);
    fleet.storage.onPut = never;
    const retired = retirement.retire();
    await fleet.clock.advance(3_999);
    expect(steps).toEqual([]);
    await fleet.clock.advance(1);
    expect(steps).toEqual(['stop endpoint', 'dead']);
    expect(await during(retired, 2_000)).toBeUndefined();
  });

  test('has no lease to hand over if another instance declared it dead', async () => {
    const { retirement } = await retiring();
    await fleet.registry.markDead('a', 1);
    expect(await retirement.retire()).toBeUndefined();
  });

  test('does not reject if the registry fails', async () => {
    const { retirement } = await retiring();
    fleet.registry.intents = () => Promise.reject(unreadable());
    expect(await retirement.retire()).toBeUndefined();
    expect(retirement.isRetired).toBe(false);
  });
});

describe('the teardown of an instance', () => {
  test('[I7] removes the endpoint, then replaces the lease by a retired one', async () => {
    const { retirement } = await retiring();
    const lease = await retirement.retire();
    const retire = fleet.registry.retire.bind(fleet.registry);
    fleet.registry.retire = (lease) => {
      steps.push('retire lease');
      return retire(lease);
    };
    await retirement.teardown(lease);
    expect(steps.slice(-2)).toEqual(['remove endpoint', 'retire lease']);
    expect(await fleet.registry.lease('a')).toBeUndefined();
    expect(await fleet.registry.retired(1)).toMatchObject([{ lease: { instance: 'a' } }]);
  });

  test.each(['left', 'unreadable'])('[I7] keeps the lease while an intent is %s', async (kind) => {
    const { retirement } = await retiring();
    const lease = await retirement.retire();
    const row: Intent = { instance: 'a', run: 'r', key: KEY, purpose: 'execute' };
    const registry: InstanceRegistry = fleet.registry;
    registry.intents = async (_, told) => {
      if (kind === 'left') return [row];
      told?.(unreadable());
      return [];
    };
    await retirement.teardown(lease);
    expect(await fleet.registry.lease('a')).toMatchObject({ state: 'dead' });
  });

  test('keeps the lease of a scheduled janitor', async () => {
    const { retirement } = await retiring('janitor');
    await retirement.teardown(await retirement.retire());
    expect(await fleet.registry.lease('a')).toMatchObject({ state: 'dead' });
  });

  test.each([
    [true, []],
    [false, ['remove own endpoint']],
  ])('[I7] without a lease to hand over: a lease row is there %s', async (isThere, removed) => {
    const { retirement } = await retiring();
    if (!isThere) await fleet.registry.removeLease('a');
    await retirement.teardown(undefined);
    expect(steps).toEqual(removed);
  });

  test('[I6] ends within 4 s without an answer', async () => {
    const { retirement } = await retiring();
    const lease = await retirement.retire();
    fleet.registry.intents = never;
    await during(retirement.teardown(lease), 4_000);
  });
});
