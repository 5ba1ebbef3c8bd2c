import { flush, seededEntropy } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import { MemoryInstanceRegistry } from '../../src/memory/memory-instance-registry.ts';
import type { WatchRow } from '../../src/ports/instance-registry.ts';
import { silentLogger } from '../../src/ports/logger.ts';
import { Watch } from '../../src/reading/watch.ts';
import { KEY } from '../fixtures/events.ts';

let registry: MemoryInstanceRegistry;
let removed: WatchRow[];
let keeper: Watch;

beforeEach(() => {
  registry = new MemoryInstanceRegistry();
  removed = [];
  const deps = {
    registry,
    instance: 'a',
    delivers: true,
    entropy: seededEntropy('w'),
    logger: silentLogger,
  };
  keeper = new Watch(KEY, deps, (row) => removed.push(row));
});

const watches = async (): Promise<string[]> =>
  (await registry.watchers(KEY)).map((row) => row.watch);

describe('the watch of an instance on a task', () => {
  test('[I6] is one durable row, however many hold it', async () => {
    await Promise.all([keeper.hold(), keeper.hold(), keeper.hold()]);
    expect(await watches()).toEqual([keeper.row?.watch]);
  });

  test('[I7] is removed with its last holder; its index row stays', async () => {
    await Promise.all([keeper.hold(), keeper.hold()]);
    keeper.release();
    await flush();
    expect(await watches()).toHaveLength(1);
    keeper.release();
    await flush();
    expect(await watches()).toEqual([]);
    expect(await registry.watches('a')).toHaveLength(1);
    expect(removed).toHaveLength(1);
    expect(keeper.row).toBeUndefined();
  });

  test('[I7] has a new id each time, so that a late write restores no watch', async () => {
    await keeper.hold();
    const first = keeper.row?.watch;
    keeper.release();
    await flush();
    await keeper.hold();
    expect(keeper.row?.watch).not.toBe(first);
    expect(await watches()).toEqual([keeper.row?.watch]);
  });

  test('is not held after a failed write, but by the next holder', async () => {
    const put = registry.putWatch.bind(registry);
    registry.putWatch = () => Promise.reject(new Error('no answer'));
    await expect(keeper.hold()).rejects.toThrow('no answer');
    registry.putWatch = put;
    await keeper.hold();
    expect(await watches()).toHaveLength(1);
    keeper.release();
    await flush();
    expect(await watches()).toEqual([]);
  });

  test('[I7] is removed if its holder leaves during the write', async () => {
    const held = keeper.hold();
    keeper.release();
    await held;
    await flush();
    expect(await watches()).toEqual([]);
  });

  test('[I6] stays for a holder that arrives during the removal', async () => {
    await keeper.hold();
    const first = keeper.row?.watch;
    keeper.release();
    await Promise.all([keeper.hold(), flush()]);
    expect(await watches()).toEqual([first]);
    expect(keeper.row?.watch).toBe(first);
  });
});
