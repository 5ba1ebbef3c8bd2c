import { setMaxListeners } from 'node:events';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CallPlaces } from '../../src/pushes/call-places.ts';

const live = new AbortController().signal;
setMaxListeners(0, live);

/** Lets every promise that is settled call back. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('Calls to one host get their places in order of arrival.', async () => {
  const places = new CallPlaces({ maxCalls: 10, maxCallsPerHost: 1 });
  const order: number[] = [];
  const calls = [1, 2, 3].map(async (call) => {
    const release = await places.acquire('a', live);
    order.push(call);
    await settle();
    release?.();
  });
  await Promise.all(calls);
  expect(order).toEqual([1, 2, 3]);
});

test('A host with many calls does not delay another host.', async () => {
  const places = new CallPlaces({ maxCalls: 4, maxCallsPerHost: 2 });
  for (let call = 0; call < 100; call += 1) void places.acquire('slow', live);
  expect(await places.acquire('other', live)).toBeTypeOf('function');
});

test('The hosts take turns while all places are taken.', async () => {
  const places = new CallPlaces({ maxCalls: 1, maxCallsPerHost: 1 });
  const order: string[] = [];
  const first = await places.acquire('first', live);
  const calls = ['a', 'a', 'a', 'b', 'c'].map(async (host) => {
    const release = await places.acquire(host, live);
    order.push(host);
    release?.();
  });
  first?.();
  await Promise.all(calls);
  expect(order).toEqual(['a', 'b', 'c', 'a', 'a']);
});

test('A call that is aborted while it waits takes no place.', async () => {
  const places = new CallPlaces({ maxCalls: 1, maxCallsPerHost: 1 });
  const release = await places.acquire('a', live);
  const leaving = new AbortController();
  const left = places.acquire('a', leaving.signal);
  const next = places.acquire('a', live);
  leaving.abort();
  expect(await left).toBeUndefined();
  expect(await places.acquire('a', leaving.signal)).toBeUndefined();
  release?.();
  expect(await next).toBeTypeOf('function');
});

const step = fc.oneof(
  fc.record({ does: fc.constant('call' as const), host: fc.constantFrom('a', 'b', 'c') }),
  fc.record({ does: fc.constant('end' as const), at: fc.nat(20) }),
  fc.record({ does: fc.constant('abort' as const), at: fc.nat(20) }),
);

test('No limit is exceeded, no free place is left unused, and every call gets its turn.', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const limits = { maxCalls: 3, maxCallsPerHost: 2 };
      const places = new CallPlaces(limits);
      const active: { host: string; release: () => void }[] = [];
      const waiting = new Set<{ host: string; leave: AbortController }>();
      const check = async (): Promise<void> => {
        await settle();
        expect(active.length).toBeLessThanOrEqual(limits.maxCalls);
        const hosts = [...new Set([...waiting].map(({ host }) => host))];
        for (const host of hosts) {
          const own = active.filter((one) => one.host === host).length;
          expect(own === limits.maxCallsPerHost || active.length === limits.maxCalls).toBe(true);
          expect(own).toBeLessThanOrEqual(limits.maxCallsPerHost);
        }
      };
      for (const one of steps) {
        if (one.does === 'call') {
          const call = { host: one.host, leave: new AbortController() };
          waiting.add(call);
          void places.acquire(one.host, call.leave.signal).then((release) => {
            waiting.delete(call);
            if (release) active.push({ host: one.host, release });
          });
        } else if (one.does === 'end') {
          active.splice(one.at % (active.length || 1), 1)[0]?.release();
        } else {
          [...waiting][one.at % (waiting.size || 1)]?.leave.abort();
        }
        await check();
      }
      while (active.length > 0) {
        active.pop()?.release();
        await check();
      }
      expect(waiting.size).toBe(0);
    }),
    { numRuns: 50 },
  );
});
