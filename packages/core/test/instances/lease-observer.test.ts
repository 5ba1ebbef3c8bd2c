import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LeaseObserver } from '../../src/instances/lease-observer.ts';
import type { Lease } from '../../src/instances/registry.ts';

const LEASE_MS = 20_000;

const lease = (instance: string, beat: number, state: Lease['state'] = 'alive'): Lease => ({
  instance,
  beat,
  state,
  address: {},
});

const names = (leases: readonly Lease[]): string[] => leases.map(({ instance }) => instance);

describe('an observer of leases', () => {
  test('[I5] calls dead only a beat that it saw unchanged for the whole lease time', () => {
    const looks = fc.array(
      fc.record({ after: fc.integer({ min: 1, max: 15_000 }), beats: fc.boolean() }),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(looks, (steps) => {
        const observer = new LeaseObserver(LEASE_MS);
        let now = 0;
        let beat = 0;
        let since: number | undefined;
        for (const { after, beats } of steps) {
          now += after;
          if (beats || since === undefined) {
            beat += 1;
            since = now;
          }
          const dead = names(observer.observe([lease('a', beat)], now));
          expect(dead).toEqual(now - since >= LEASE_MS ? ['a'] : []);
        }
      }),
    );
  });

  test('[I5] calls nobody dead at first sight, however long ago its own last look was', () => {
    const observer = new LeaseObserver(LEASE_MS);
    observer.observe([lease('a', 1)], 0);
    expect(names(observer.observe([lease('b', 7)], 1e9))).toEqual([]);
  });

  test('[I7] calls dead at once whose lease says so', () => {
    const observer = new LeaseObserver(LEASE_MS);
    expect(names(observer.observe([lease('a', 1, 'dead'), lease('b', 1)], 0))).toEqual(['a']);
  });

  test('[I5] starts anew with an instance that was gone in between', () => {
    const observer = new LeaseObserver(LEASE_MS);
    observer.observe([lease('a', 1)], 0);
    observer.observe([], 10_000);
    expect(names(observer.observe([lease('a', 1)], LEASE_MS))).toEqual([]);
  });
});
