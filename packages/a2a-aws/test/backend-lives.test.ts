import {
  BackendError,
  MemoryConsumerOffsets,
  MemoryFanout,
  MemoryInstanceRegistry,
  MemoryLogStorage,
  MemoryPushLedger,
  type MemoryQueues,
  silentLogger,
  systemEntropy,
} from '@a2a-aws/core';
import { flush, TestClock } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import { BackendLives } from '../src/backend-lives.ts';
import { OpenConnections } from '../src/connections/open-connections.ts';
import { resolveOptions } from '../src/options/options.ts';

const LEASE = { beatMs: 5_000, leaseMs: 20_000, quarantineMs: 30_000 };

let clock: TestClock;
let storage: MemoryLogStorage;
let registry: MemoryInstanceRegistry;
let queues: MemoryQueues;
let fanout: MemoryFanout;
let lives: BackendLives;

beforeEach(() => {
  clock = new TestClock();
  storage = new MemoryLogStorage();
  registry = new MemoryInstanceRegistry();
  queues = new Map();
  fanout = new MemoryFanout(queues);
  const settings = resolveOptions(
    {
      tableName: 'table',
      fanout: 'polling',
      instanceId: 'one',
      lease: LEASE,
      logger: silentLogger,
      clientConfig: { region: 'eu-west-1' },
    },
    {},
  );
  lives = new BackendLives({
    settings,
    ports: {
      storage,
      registry,
      fanout,
      offsets: new MemoryConsumerOffsets(),
      pushLedger: new MemoryPushLedger(),
      clock,
      entropy: systemEntropy,
    },
    resumer: () => undefined,
    connections: new OpenConnections(),
    transport: () => undefined,
    webhooks: { close: () => {} },
    gate: { stop: () => {} },
  });
});

/** Settles like `work`, while the clock advances. */
async function during<T>(work: Promise<T>): Promise<T> {
  let isDone = false;
  const done = (): void => {
    isDone = true;
  };
  work.then(done, done);
  await clock.advanceUntil(() => isDone, 60_000, 100);
  return work;
}

const liveIds = async (): Promise<string[]> =>
  (await registry.leases()).filter(({ state }) => state === 'alive').map((one) => one.instance);

describe('a start', () => {
  test('is shared by concurrent calls, and makes one instance', async () => {
    await during(Promise.all([lives.start(), lives.start()]));
    expect(lives.instance.phase).toBe('ready');
    expect(await liveIds()).toEqual([lives.instance.id]);
    expect([...queues.keys()]).toEqual([lives.instance.id]);
  });

  test('that failed may be repeated, with another instance id', async () => {
    const { id } = lives.instance;
    const check = storage.check.bind(storage);
    storage.check = () => Promise.reject(new BackendError('table-not-found', 'No table.'));
    await expect(during(lives.start())).rejects.toMatchObject({ code: 'table-not-found' });
    expect(await registry.leases()).toEqual([]);
    storage.check = check;
    await during(lives.start());
    expect(lives.instance.phase).toBe('ready');
    expect(lives.instance.id).not.toBe(id);
  });

  test('does not wait for an outage of the fan-out', async () => {
    fanout.check = () => Promise.reject(new BackendError('unreachable', 'No answer.'));
    await during(lives.start());
    expect(lives.instance.phase).toBe('ready');
  });

  test('rejects with an error of the fan-out that only a change of the deployment can fix', async () => {
    fanout.check = () => Promise.reject(new BackendError('topic-not-found', 'No topic.'));
    await expect(during(lives.start())).rejects.toMatchObject({ code: 'topic-not-found' });
    expect(await registry.leases()).toEqual([]);
  });
});

describe('the end of a life', () => {
  beforeEach(() => during(lives.start()));

  test('[I7] a stop is final, and leaves no queue', async () => {
    await during(lives.stop(0));
    expect(lives.isStopped).toBe(true);
    expect([...queues.keys()]).toEqual([]);
    expect(await liveIds()).toEqual([]);
    await expect(lives.start()).rejects.toMatchObject({ code: 'draining' });
    await expect(lives.resume()).rejects.toMatchObject({ code: 'draining' });
  });

  test('a suspended backend refuses a start, and resumes with another instance', async () => {
    const { id } = lives.instance;
    await during(lives.suspend(0));
    await expect(lives.start()).rejects.toMatchObject({ code: 'draining' });
    await during(lives.resume());
    expect(lives.instance.phase).toBe('ready');
    expect(lives.instance.id).not.toBe(id);
    expect(await liveIds()).toEqual([lives.instance.id]);
  });

  test('a resume that is called during a suspend waits for its end', async () => {
    const { id } = lives.instance;
    await during(Promise.all([lives.suspend(0), lives.resume()]));
    expect(lives.instance.id).not.toBe(id);
    expect(lives.instance.phase).toBe('ready');
  });

  test('[I5] an instance that was declared dead is replaced by a new one', async () => {
    const { id } = lives.instance;
    await registry.markDead(id, (await registry.lease(id))?.beat ?? 0);
    await clock.advance(LEASE.beatMs);
    await flush();
    expect(lives.instance.id).not.toBe(id);
    expect(lives.instance.phase).toBe('ready');
    expect(await liveIds()).toEqual([lives.instance.id]);
  });

  test('a replacement that fails is tried again after a lease time', async () => {
    const { id } = lives.instance;
    const register = registry.register.bind(registry);
    let tries = 0;
    registry.register = (...values) => {
      tries += 1;
      if (tries === 1) return Promise.reject(new BackendError('unreachable', 'No answer.'));
      return register(...values);
    };
    await registry.markDead(id, (await registry.lease(id))?.beat ?? 0);
    await clock.advance(LEASE.beatMs);
    expect([tries, lives.instance.phase]).toEqual([1, 'dead']);
    await clock.advance(LEASE.leaseMs - 1_000);
    expect(tries).toBe(1);
    await clock.advance(1_000);
    expect([tries, lives.instance.phase]).toEqual([2, 'ready']);
  });

  test('[I7] a stop during a replacement leaves no instance', async () => {
    const { id } = lives.instance;
    registry.register = () => Promise.reject(new BackendError('unreachable', 'No answer.'));
    await registry.markDead(id, (await registry.lease(id))?.beat ?? 0);
    await clock.advance(LEASE.beatMs);
    await during(lives.stop(0));
    await clock.advance(10 * LEASE.leaseMs);
    expect(await liveIds()).toEqual([]);
  });
});
