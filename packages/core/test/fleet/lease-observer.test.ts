import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LeaseObserver } from '../../src/fleet/lease-observer.ts';
import type { Lease } from '../../src/ports/instance-registry.ts';

const SETTINGS = { beatMs: 5_000, leaseMs: 20_000 };

const lease = (instance: string, beat: number, state: Lease['state'] = 'alive'): Lease => ({
  instance,
  beat,
  state,
  address: {},
});

const names = (leases: readonly Lease[]): string[] => leases.map(({ instance }) => instance);

describe('an observer of leases', () => {
  test('[I5] reports an instance as dead only if its beat did not change for the whole lease time', () => {
    const looks = fc.array(
      fc.record({
        after: fc.integer({ min: 1, max: 15_000 }),
        takes: fc.integer({ min: 0, max: 15_000 }),
        beats: fc.boolean(),
      }),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(looks, (steps) => {
        const observer = new LeaseObserver(SETTINGS);
        let now = 0;
        let beat = 0;
        let silent = 0;
        for (const { after, takes, beats } of steps) {
          now += after;
          // Silence from the last answer to this question; failed looks in between prove nothing.
          silent = beats || beat === 0 ? 0 : silent + Math.min(after, 2 * SETTINGS.beatMs);
          if (beats || beat === 0) beat += 1;
          const dead = names(observer.observe([lease('a', beat)], now, now + takes));
          expect(dead).toEqual(silent >= SETTINGS.leaseMs ? ['a'] : []);
          now += takes;
        }
      }),
    );
  });

  test('[I5] declares no instance dead at first sight, however long ago its own last read was', () => {
    const observer = new LeaseObserver(SETTINGS);
    observer.observe([lease('a', 1)], 0, 0);
    expect(names(observer.observe([lease('b', 7)], 1e9, 1e9))).toEqual([]);
  });

  test('[I5] takes an outage for all alike for no proof', () => {
    const observer = new LeaseObserver(SETTINGS);
    observer.observe([lease('a', 1)], 0, 0);
    expect(names(observer.observe([lease('a', 1)], 1e9, 1e9))).toEqual([]);
  });

  test('[I7] reports a lease as dead at once if its row says so', () => {
    const observer = new LeaseObserver(SETTINGS);
    const dead = observer.observe([lease('a', 1, 'dead'), lease('b', 1)], 0, 0);
    expect(names(dead)).toEqual(['a']);
  });

  test('[I5] starts again with an instance that disappeared in between', () => {
    const observer = new LeaseObserver(SETTINGS);
    for (const now of [0, 5_000, 10_000]) observer.observe([lease('a', 1)], now, now);
    observer.observe([], 15_000, 15_000);
    expect(names(observer.observe([lease('a', 1)], 20_000, 20_000))).toEqual([]);
  });
});
