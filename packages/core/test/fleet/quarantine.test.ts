import { flush, TestClock } from '@a2a-aws/testkit/fakes';
import { beforeEach, expect, test } from 'vitest';
import { waitQuarantine } from '../../src/fleet/quarantine.ts';
import { MemoryInstanceRegistry } from '../../src/memory/memory-instance-registry.ts';

const settings = { beatMs: 5_000, quarantineMs: 30_000 };
let clock: TestClock;
let registry: MemoryInstanceRegistry;

beforeEach(async () => {
  clock = new TestClock();
  registry = new MemoryInstanceRegistry();
  await registry.register('a', 'queue-a');
  await registry.markDead('a', 0);
});

/** A janitor that waits, until it crashes. */
async function janitor() {
  const end = new AbortController();
  const lease = await registry.lease('a');
  if (!lease) throw new Error('The lease is gone.');
  let isOver = false;
  void waitQuarantine(lease, { registry, clock, settings, signal: end.signal }).then(() => {
    isOver = !end.signal.aborted;
  });
  return {
    crash: () => end.abort(),
    isOver: () => isOver,
    after: async (ms: number) => {
      await clock.advance(ms);
      await flush();
    },
  };
}

test('[I7] lasts as long as one janitor waits for', async () => {
  const { after, isOver } = await janitor();
  await after(settings.quarantineMs - 1);
  expect(isOver()).toBe(false);
  await after(1);
  expect(isOver()).toBe(true);
});

test('[I7] is shared by janitors that die: each adds the time that it has observed', async () => {
  for (const alreadyMs of [0, 10_000]) {
    expect((await registry.lease('a'))?.deadForMs ?? 0).toBe(alreadyMs);
    const one = await janitor();
    // The rest of a beat is lost with it.
    await one.after(12_000);
    one.crash();
    await one.after(3_600_000);
    expect(one.isOver()).toBe(false);
  }
  const last = await janitor();
  await last.after(9_999);
  expect(last.isOver()).toBe(false);
  await last.after(1);
  expect(last.isOver()).toBe(true);
});

test('[I7] is not over sooner if two janitors wait at once', async () => {
  const [one, other] = [await janitor(), await janitor()];
  await one.after(15_000);
  expect(await registry.lease('a')).toMatchObject({ deadForMs: 15_000 });
  await other.after(14_999);
  expect([one.isOver(), other.isOver()]).toEqual([false, false]);
});

test('[I7] is waited for also if it cannot be noted', async () => {
  registry.noteDeadFor = () => Promise.reject(new Error('no answer'));
  const { after, isOver } = await janitor();
  await after(settings.quarantineMs);
  expect(isOver()).toBe(true);
});
