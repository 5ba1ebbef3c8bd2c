import { expect, test } from 'vitest';
import { CLEAN_MS, Fleet, SETTINGS } from '../fixtures/fleet.ts';

/** Long enough to take the place of the leader that crashed before it, and to lead for three beats. */
const LIFE_MS = SETTINGS.leaseMs + 3 * SETTINGS.beatMs;
const CRASHED = 500;
const LIVES = 12;
const MOST_CALLS = 300;

test('[I7] leaders that crash within the quarantine do work that the number of the dead does not change', async () => {
  const fleet = new Fleet();
  for (let at = 0; at < CRASHED; at += 1) {
    const id = `crashed-${at}`;
    await fleet.registry.register(id, `queue-${id}`);
    await fleet.registry.markDead(id, 0);
  }
  const looked = new Set<string>();
  const runs = fleet.registry.intents.bind(fleet.registry);
  fleet.registry.intents = async (id: string) => {
    looked.add(id);
    return runs(id);
  };
  for (let life = 0; life < LIVES; life += 1) {
    const member = fleet.make(`life-${life}`, life);
    let calls = 0;
    member.wire = (call) => {
      calls += 1;
      return call();
    };
    await member.instance.start(0);
    await fleet.clock.advance(LIFE_MS);
    member.kill();
    expect(calls).toBeLessThanOrEqual(MOST_CALLS);
  }
  // Each took up others.
  expect([...looked].filter((id) => id.startsWith('crashed-')).length).toBeGreaterThan(30);

  const last = await fleet.start('last');
  await fleet.clock.advance(2 * CLEAN_MS);
  expect((await fleet.registry.leases()).map(({ instance }) => instance)).toEqual(['last']);
  await last.instance.stop(0);
}, 60_000);

test('[I7] leaders that all crash within the quarantine share the work, so that no leases pile up', async () => {
  const fleet = new Fleet();
  const left: number[] = [];
  for (let life = 0; life < 40; life += 1) {
    const member = fleet.make(`life-${life}`, life);
    await member.instance.start(0);
    await fleet.clock.advance(LIFE_MS);
    member.kill();
    left.push((await fleet.registry.leases()).length);
  }
  expect(Math.max(...left.slice(-10))).toBeLessThanOrEqual(Math.max(...left.slice(10, 20)));
  expect(Math.max(...left)).toBeLessThan(15);
}, 60_000);
