import { beforeEach, describe, expect, test } from 'vitest';
import { BackendError } from '../../src/errors.ts';
import { KEY } from '../fixtures/events.ts';
import { begin, CLEAN_MS, Fleet, type Member, NO_TRACES, SETTINGS } from '../fixtures/fleet.ts';

const SWEEP_MS = 60_000;

let fleet: Fleet;
let a: Member;

beforeEach(async () => {
  fleet = new Fleet();
  a = await fleet.start('a');
});

describe('an instance that finds itself dead', () => {
  test('[I7] removes the rows that it wrote after the clean-up', async () => {
    a.wire = () => new Promise(() => {});
    await fleet.start('b');
    await fleet.clock.advance(CLEAN_MS);
    expect(await fleet.traces('a')).toEqual(NO_TRACES);
    // It continues, and now writes the row that it was about to write.
    a.wire = (call) => call();
    await fleet.registry.putIntent({ instance: 'a', run: 'late', key: KEY, purpose: 'execute' });
    await fleet.registry.putWatch({ instance: 'a', watch: 'late', key: KEY });
    const { signal } = new AbortController();
    void a.instance.removeLateRows(signal);
    await fleet.clock.advance(SETTINGS.quarantineMs);
    expect(await fleet.traces('a')).toEqual(NO_TRACES);
    expect(await fleet.registry.watchers(KEY)).toEqual([]);
  });

  test('[I7] removes at once the rows of calls that a pause interrupted', async () => {
    let write = (): void => {};
    a.wire = (call, name) =>
      name === 'putIntent'
        ? new Promise((resolve) => {
            write = () => resolve(call());
          })
        : new Promise(() => {});
    const begun = begin(a, 'm1').catch((error: unknown) => error);
    await fleet.start('b');
    await fleet.clock.advance(CLEAN_MS);
    expect(await fleet.traces('a')).toEqual(NO_TRACES);
    a.wire = (call) => call();
    write();
    expect(await begun).toMatchObject({ code: 'fenced' });
    expect(await fleet.traces('a')).toEqual(NO_TRACES);
  });

  test('[I6] leaves its rows to its janitor while its lease exists', async () => {
    await begin(a, 'm1');
    await fleet.registry.markDead('a', (await fleet.registry.lease('a'))?.beat ?? 0);
    const end = new AbortController();
    void a.instance.removeLateRows(end.signal);
    await fleet.clock.advance(5 * SETTINGS.quarantineMs);
    expect(await fleet.traces('a')).toMatchObject({ runs: 1 });
    end.abort();
  });
});

describe('an instance without a lease row, because the table was restored', () => {
  test('[I7] removes its queue and subscription itself, twice', async () => {
    expect(await fleet.traces('a')).toMatchObject({ queue: true });
    await fleet.registry.removeLease('a');
    await fleet.clock.advance(SETTINGS.beatMs + SETTINGS.quarantineMs);
    expect(a.deaths.count).toBe(1);
    expect(await fleet.traces('a')).toEqual(NO_TRACES);
    // A call that was under way arrives late.
    fleet.queues.set('a', { name: 'queue-a', deliver: undefined, subscribed: true });
    await fleet.clock.advance(SETTINGS.quarantineMs);
    expect(await fleet.traces('a')).toEqual(NO_TRACES);
  });

  test('[I7] removes them when it stops before it has noticed', async () => {
    await fleet.registry.removeLease('a');
    await a.instance.stop(0);
    expect(await fleet.traces('a')).toEqual(NO_TRACES);
  });

  test('[I7] tries again while SNS and SQS do not answer', async () => {
    const teardown = a.fanout.teardown.bind(a.fanout);
    a.fanout.teardown = () => Promise.reject(new BackendError('unreachable', 'No answer.'));
    await fleet.registry.removeLease('a');
    await fleet.clock.advance(5 * SETTINGS.quarantineMs);
    expect(await fleet.traces('a')).toMatchObject({ queue: true });
    a.fanout.teardown = teardown;
    await fleet.clock.advance(SETTINGS.quarantineMs);
    expect(await fleet.traces('a')).toEqual(NO_TRACES);
  });
});

describe('a sweep of the rows of one instance', () => {
  test('[I7] removes rows that are not used any more, at the second sweep', async () => {
    await fleet.registry.putIntent({ instance: 'a', run: 'late', key: KEY, purpose: 'execute' });
    await fleet.registry.putWatch({ instance: 'a', watch: 'late', key: KEY });
    await fleet.clock.advance(SWEEP_MS);
    expect(await fleet.traces('a')).toMatchObject({ runs: 1, watches: 1 });
    await fleet.clock.advance(SWEEP_MS);
    expect(await fleet.traces('a')).toMatchObject({ runs: 0, watches: 0 });
    expect(await fleet.registry.watchers(KEY)).toEqual([]);
  });

  test('[I6] keeps rows in use, however old they are', async () => {
    await begin(a, 'm1');
    await a.instance.logs.follow(KEY);
    await fleet.clock.advance(10 * SWEEP_MS);
    expect(await fleet.traces('a')).toMatchObject({ runs: 1, watches: 1 });
    expect(await fleet.registry.watchers(KEY)).toHaveLength(1);
  });

  test('[I7] removes the index row of a watch some time after the watch', async () => {
    const { release } = await a.instance.logs.follow(KEY);
    release();
    await fleet.clock.advance(SWEEP_MS);
    expect(await fleet.traces('a')).toMatchObject({ watches: 1 });
    await fleet.clock.advance(SWEEP_MS);
    expect(await fleet.traces('a')).toMatchObject({ watches: 0 });
  });

  test('[I7] leaves the rows of others alone', async () => {
    await fleet.registry.putIntent({ instance: 'b', run: 'r', key: KEY, purpose: 'execute' });
    await fleet.registry.putWatch({ instance: 'b', watch: 'w', key: KEY });
    await fleet.clock.advance(3 * SWEEP_MS);
    expect(await fleet.traces('b')).toMatchObject({ runs: 1, watches: 1 });
  });
});

describe('a row that cannot be read', () => {
  const RUN = { instance: 'a', key: KEY, purpose: 'execute' } as const;

  let rows: () => Promise<string[]>;

  const spoilSome = async (): Promise<void> => {
    const { registry } = fleet;
    const all = { runs: registry.intents.bind(registry), watches: registry.watches.bind(registry) };
    rows = async () => [
      ...(await all.runs('a')).map(({ run }) => run),
      ...(await all.watches('a')).map(({ watch }) => watch),
    ];
    for (const kind of ['intents', 'watches'] as const) fleet.spoil(kind, 'spoiled');
    for (const id of ['spoiled', 'late']) {
      await registry.putIntent({ ...RUN, run: id });
      await registry.putWatch({ instance: 'a', watch: id, key: KEY });
    }
    expect(await rows()).toHaveLength(4);
  };

  test('[I7] stays, is logged, and does not keep the sweep from others', async () => {
    await spoilSome();
    await fleet.clock.advance(2 * SWEEP_MS);
    expect(await rows()).toEqual(['spoiled', 'spoiled']);
    expect(fleet.logged).toContain('instance.rows-unreadable');
    expect(fleet.logged).not.toContain('sweep.failed');
  });

  test('[I7] stays when the dead instance removes its late rows', async () => {
    a.wire = () => new Promise(() => {});
    await fleet.start('b');
    await fleet.clock.advance(CLEAN_MS);
    a.wire = (call) => call();
    await spoilSome();
    void a.instance.removeLateRows(new AbortController().signal);
    await fleet.clock.advance(SETTINGS.quarantineMs);
    expect(await rows()).toEqual(['spoiled', 'spoiled']);
    expect(fleet.logged).toContain('instance.rows-unreadable');
  });
});
