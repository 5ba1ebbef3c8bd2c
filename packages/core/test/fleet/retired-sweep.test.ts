import { flush } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import { KEY } from '../fixtures/events.ts';
import { Fleet, NO_TRACES, SETTINGS } from '../fixtures/fleet.ts';

const TEN_MINUTES = 600_000;
/** The longest time from the leader's first sight of a retired instance to the end of its sweep. */
const SWEPT_MS = 3 * (SETTINGS.quarantineMs + SETTINGS.beatMs);

let fleet: Fleet;

beforeEach(() => {
  fleet = new Fleet();
});

const retired = async (): Promise<string[]> =>
  (await fleet.registry.retired(1_000)).map(({ lease }) => lease.instance);

/** Starts an instance that stops at once. */
async function live(id: string): Promise<void> {
  const member = await fleet.start(id);
  await member.instance.stop(0);
}

describe('the row of a retired instance', () => {
  test('[I7] lets the leader remove the late writes of its requests', async () => {
    await live('a');
    await fleet.start('b');
    await fleet.registry.putIntent({ instance: 'a', run: 'late', key: KEY, purpose: 'clean' });
    await fleet.registry.putWatch({ instance: 'a', watch: 'late', key: KEY });
    await fleet.clock.advance(SWEPT_MS);
    expect(await fleet.traces('a')).toEqual(NO_TRACES);
    expect(await fleet.registry.watchers(KEY)).toEqual([]);
    expect(await retired()).toEqual([]);
  });

  test('[I7] stays until late requests have arrived', async () => {
    await live('a');
    await fleet.start('b');
    await fleet.clock.advance(SETTINGS.quarantineMs - 1);
    expect(await retired()).toEqual(['a']);
  });

  test('[I7] is looked after ten minutes later by lives that are too short to wait', async () => {
    for (const id of ['a', 'b', 'c', 'd']) await live(id);
    expect(await retired()).toEqual(['a', 'b', 'c', 'd']);
    await fleet.clock.advance(TEN_MINUTES);
    const short = await fleet.start('e');
    await flush();
    await short.instance.stop(0);
    // Three, whichever: the next life does the rest.
    const [first, ...others] = await retired();
    expect(['a', 'b', 'c', 'd']).toContain(first);
    expect(others).toEqual(['e']);
  });

  test('[I7] stays if it cannot be finished, and is tried again', async () => {
    await live('a');
    await fleet.start('b');
    const runs = fleet.registry.intents.bind(fleet.registry);
    fleet.registry.intents = (id) =>
      id === 'a' ? Promise.reject(new Error('No answer.')) : runs(id);
    await fleet.clock.advance(SWEPT_MS);
    expect(await retired()).toEqual(['a']);
    expect(fleet.logged).toContain('sweep.failed');
    fleet.registry.intents = runs;
    await fleet.clock.advance(SWEPT_MS);
    expect(await retired()).toEqual([]);
  });
});
