import { setMaxListeners } from 'node:events';
import { flush } from '@a2a-aws/testkit/fakes';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CallPlaces, type Place } from '../../src/pushes/call-places.ts';

const live = new AbortController().signal;
setMaxListeners(0, live);

const none = (): undefined => undefined;

test('Calls to one host get their places in order of arrival.', async () => {
  const places = new CallPlaces({ maxCalls: 10, maxCallsPerHost: 1 });
  const order: number[] = [];
  const calls = [1, 2, 3].map(async (call) => {
    const place = await places.acquire('a', live, none);
    order.push(call);
    await flush();
    place?.release(true);
  });
  await Promise.all(calls);
  expect(order).toEqual([1, 2, 3]);
});

test('A host with many calls does not delay another host.', async () => {
  const places = new CallPlaces({ maxCalls: 4, maxCallsPerHost: 2 });
  for (let call = 0; call < 100; call += 1) void places.acquire('slow', live, none);
  expect(await places.acquire('other', live, none)).toBeDefined();
});

test('The hosts take turns while all places are taken.', async () => {
  const places = new CallPlaces({ maxCalls: 1, maxCallsPerHost: 1 });
  const order: string[] = [];
  const first = await places.acquire('first', live, none);
  const calls = ['a', 'a', 'a', 'b', 'c'].map(async (host) => {
    const place = await places.acquire(host, live, none);
    order.push(host);
    place?.release(true);
  });
  first?.release(true);
  await Promise.all(calls);
  expect(order).toEqual(['a', 'b', 'c', 'a', 'a']);
});

test('A call that is aborted while it waits takes no place.', async () => {
  const places = new CallPlaces({ maxCalls: 1, maxCallsPerHost: 1 });
  const place = await places.acquire('a', live, none);
  const leaving = new AbortController();
  const left = places.acquire('a', leaving.signal, none);
  const next = places.acquire('a', live, none);
  leaving.abort();
  expect(await left).toBeUndefined();
  expect(await places.acquire('a', leaving.signal, none)).toBeUndefined();
  place?.release(true);
  expect(await next).toBeDefined();
});

test('Hosts that do not answer leave a quarter of the places, however many they are.', async () => {
  const places = new CallPlaces({ maxCalls: 8, maxCallsPerHost: 8 });
  (await places.acquire('good', live, none))?.release(true);
  const silent: Place<undefined>[] = [];
  for (let host = 0; host < 50; host += 1) {
    void places.acquire(`silent-${host}`, live, none).then((place) => place && silent.push(place));
  }
  await flush();
  expect(silent).toHaveLength(6);
  const good = await Promise.all([1, 2].map(() => places.acquire('good', live, none)));
  expect(good).not.toContain(undefined);
  // A place of the good host goes to no silent one.
  good[0]?.release(true);
  await flush();
  expect(silent).toHaveLength(6);
  silent[0]?.release(false);
  await flush();
  expect(silent).toHaveLength(7);
});

test('A host that stops to answer loses its advantage, and gets it back with an answer.', async () => {
  const places = new CallPlaces({ maxCalls: 4, maxCallsPerHost: 4 });
  const taken = async (): Promise<number> => {
    const got: Place<undefined>[] = [];
    for (const _ of [1, 2, 3, 4])
      void places.acquire('a', live, none).then((one) => one && got.push(one));
    await flush();
    const { length } = got;
    while (got.length > 0) {
      got.pop()?.release(length === 3);
      await flush();
    }
    return length;
  };
  expect(await taken()).toBe(3);
  expect(await taken()).toBe(4);
  expect(await taken()).toBe(3);
});

test('Bodies are made when there is room for them, and a host fills only a part of it.', async () => {
  const places = new CallPlaces({ maxCalls: 100, maxCallsPerHost: 100 });
  const made: Place<{ readonly length: number }>[] = [];
  const body = { length: 6 * 1024 * 1024 };
  const call = (host: string): void =>
    void places.acquire(host, live, () => body).then((place) => place && made.push(place));
  for (let at = 0; at < 10; at += 1) call('a');
  await flush();
  expect(made).toHaveLength(3);
  for (const host of ['b', 'c', 'd', 'e', 'f']) for (let at = 0; at < 10; at += 1) call(host);
  await flush();
  expect(made).toHaveLength(11);
  while (made.length > 0) {
    made.pop()?.release(true);
    await flush();
    expect(made.length).toBeLessThanOrEqual(11);
  }
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
      for (const host of ['a', 'b', 'c']) (await places.acquire(host, live, none))?.release(true);
      const active: { host: string; release: () => void }[] = [];
      const waiting = new Set<{ host: string; leave: AbortController }>();
      const check = async (): Promise<void> => {
        await flush();
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
          void places.acquire(one.host, call.leave.signal, none).then((place) => {
            waiting.delete(call);
            if (place) active.push({ host: one.host, release: () => place.release(true) });
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
