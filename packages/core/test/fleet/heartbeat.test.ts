import { flush } from '@a2a-aws/testkit/fakes';
import { describe, expect, test } from 'vitest';
import { KEY } from '../fixtures/events.ts';
import { begin, CLEAN_MS, DOORBELL_MS, Fleet, NO_TRACES, SETTINGS } from '../fixtures/fleet.ts';
import { noAnswer } from '../fixtures/wrapped-storage.ts';

describe('the presence of an instance', () => {
  test('[I7] its lease exists and is renewed before its queue exists; the address follows', async () => {
    const fleet = new Fleet();
    const seen: unknown[] = [];
    const member = fleet.make('a');
    member.wire = async (call, name) => {
      const answer = await call();
      if (name === 'doorbellKeys') return answer;
      const lease = await fleet.registry.lease('a');
      seen.push([name, lease?.beat, lease?.address.queueUrl, fleet.queues.has('a')]);
      return answer;
    };
    await member.instance.start(DOORBELL_MS);
    expect(seen.slice(0, 4)).toEqual([
      ['register', 0, undefined, false],
      ['beat', 1, undefined, false],
      ['provision', 1, undefined, true],
      ['setAddress', 1, 'queue-a', true],
    ]);
    expect(await fleet.registry.lease('a')).toMatchObject({
      state: 'alive',
      address: { queueName: 'queue-a' },
    });
  });

  test('[I7] a start without the table creates no resource, and a janitor takes the lease', async () => {
    const fleet = new Fleet();
    const member = fleet.make('a');
    member.wire = (call, name) => (name === 'beat' ? Promise.reject(noAnswer()) : call());
    await expect(member.instance.start(DOORBELL_MS)).rejects.toMatchObject({ code: 'unreachable' });
    expect(fleet.queues.has('a')).toBe(false);
    await fleet.start('b');
    await fleet.clock.advance(CLEAN_MS);
    expect(await fleet.traces('a')).toEqual(NO_TRACES);
  });

  test('renews its lease', async () => {
    const fleet = new Fleet();
    await fleet.start('a');
    await fleet.clock.advance(10 * SETTINGS.beatMs);
    expect(await fleet.registry.lease('a')).toMatchObject({ state: 'alive', beat: 11 });
  });

  test('a renewal without an answer does not end the instance', async () => {
    const fleet = new Fleet();
    const member = await fleet.start('a');
    member.wire = () => Promise.reject(noAnswer());
    expect(member.instance.isServing).toBe(true);
    await fleet.clock.advance(SETTINGS.leaseMs);
    // Others may take it for dead by now.
    expect(member.instance.isServing).toBe(false);
    expect(member.instance.phase).toBe('ready');
    member.wire = (call) => call();
    await fleet.clock.advance(SETTINGS.beatMs);
    expect(member.instance.isServing).toBe(true);
    expect(member.instance.phase).toBe('ready');
    expect(member.deaths.count).toBe(0);
    const { beat } = (await fleet.registry.lease('a')) ?? { beat: 0 };
    await fleet.clock.advance(SETTINGS.beatMs);
    expect(await fleet.registry.lease('a')).toMatchObject({ beat: beat + 1 });
  });

  test('[I5] a refused renewal ends it: it reports its death once, takes no work, ends its runs', async () => {
    const fleet = new Fleet();
    const member = await fleet.start('a');
    const { stops } = await begin(member, 'm1');
    await fleet.registry.markDead('a', 1);
    await fleet.clock.advance(3 * SETTINGS.beatMs);
    expect(member.instance.phase).toBe('dead');
    expect(member.deaths.count).toBe(1);
    expect(member.instance.signal.aborted).toBe(true);
    expect(stops).toEqual(['closed']);
    expect(() => member.instance.assertReady()).toThrowError(
      expect.objectContaining({ code: 'fenced' }),
    );
  });

  test('[I5] an instance that finds itself dead when it starts a run starts none', async () => {
    const fleet = new Fleet();
    const member = await fleet.start('a');
    await fleet.registry.markDead('a', 1);
    await expect(begin(member, 'm1')).rejects.toMatchObject({ code: 'fenced' });
    await flush();
    expect(await fleet.records(KEY)).toEqual([]);
    expect(member.deaths.count).toBe(1);
    expect(member.instance.phase).toBe('dead');
  });

  test('takes no work before it has started', async () => {
    const { instance } = new Fleet().make('a');
    expect(() => instance.assertReady()).toThrowError(
      expect.objectContaining({ code: 'not-started' }),
    );
  });
});
