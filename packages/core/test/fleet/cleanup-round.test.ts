import { seededEntropy } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { type CleanupReport, runCleanupRound } from '../../src/fleet/cleanup-round.ts';
import { DEFAULT_RETENTION_MS } from '../../src/model/retention.ts';
import { sleep } from '../../src/ports/clock.ts';
import { silentLogger } from '../../src/ports/logger.ts';
import { COMPLETED, FAILED, KEY, statusOf, taskOf, WORKING } from '../fixtures/events.ts';
import { FaultyFanout } from '../fixtures/faulty-fanout.ts';
import { begin, CLEAN_MS, Fleet, type Member, NO_TRACES, SETTINGS } from '../fixtures/fleet.ts';

let fleet: Fleet;
let a: Member;

beforeEach(async () => {
  fleet = new Fleet();
  a = await fleet.start('a');
});

async function round(
  signal = new AbortController().signal,
  forMs = 2 * CLEAN_MS,
  id = 'janitor-1',
) {
  const outcome: { report?: CleanupReport } = {};
  const done = runCleanupRound(
    {
      id,
      queueName: `queue-${id}`,
      storage: fleet.storage,
      registry: fleet.registry,
      fanout: new FaultyFanout(fleet.queues),
      clock: fleet.clock,
      entropy: seededEntropy(id),
      logger: silentLogger,
      settings: SETTINGS,
      retentionMs: DEFAULT_RETENTION_MS,
    },
    signal,
  ).then((report) => {
    outcome.report = report;
  });
  // A test that awaits the round sees its failure; the others do not.
  done.catch(() => {});
  await fleet.clock.advance(forMs);
  return { outcome, done };
}

describe('a cleanup round', () => {
  test('[I6] [I7] finishes dead instances when no other is left, and removes its own lease', async () => {
    const { run } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    await a.instance.logs.follow(KEY);
    a.kill();
    const { outcome } = await round();
    expect(outcome.report).toEqual({ cleaned: 1, failed: 0, left: 0 });
    expect(await fleet.states()).toEqual([WORKING, FAILED]);
    expect(await fleet.traces('a')).toEqual(NO_TRACES);
    expect(await fleet.traces('janitor-1')).toEqual(NO_TRACES);
  });

  test('[I5] leaves instances alone that renew their leases, and ends soon', async () => {
    const forMs = SETTINGS.leaseMs + 3 * SETTINGS.beatMs;
    const { outcome } = await round(undefined, forMs);
    expect(outcome.report).toEqual({ cleaned: 0, failed: 0, left: 0 });
    expect(await fleet.traces('a')).toMatchObject({ lease: 'alive', queue: true });
    expect(a.deaths.count).toBe(0);
    expect(await fleet.traces('janitor-1')).toEqual(NO_TRACES);
  });

  test('[I7] that cannot read the leases fails, and does not renew its lease', async () => {
    const leases = vi.spyOn(fleet.registry, 'leases').mockRejectedValue(new Error('no answer'));
    const { done } = await round(undefined, SETTINGS.beatMs);
    await expect(done).rejects.toThrow('no answer');
    expect(await fleet.traces('janitor-1')).toMatchObject({ lease: 'dead' });
    leases.mockRestore();
  });

  test('[I6] [I7] observes the leases for longer if its reads are slow', async () => {
    const { run } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    const leases = fleet.registry.leases.bind(fleet.registry);
    fleet.registry.leases = async () => {
      const answer = await leases();
      await sleep(fleet.clock, SETTINGS.beatMs / 2);
      return answer;
    };
    a.kill();
    const { outcome } = await round();
    expect(outcome.report).toEqual({ cleaned: 1, failed: 0, left: 0 });
    expect(await fleet.states()).toEqual([WORKING, FAILED]);
    expect(await fleet.traces('janitor-1')).toEqual(NO_TRACES);
  });

  test('[I6] that could hardly read the leases reports that it did nothing', async () => {
    a.kill();
    const leases = fleet.registry.leases.bind(fleet.registry);
    let reads = 0;
    fleet.registry.leases = async () => {
      reads += 1;
      if (reads > 2) throw new Error('no answer');
      return leases();
    };
    const { outcome } = await round(undefined, 4 * CLEAN_MS);
    expect(outcome.report).toEqual({ cleaned: 0, failed: 1, left: 0 });
  });

  test('[I5] gives those with a longer lease their time', async () => {
    const longer = 3 * SETTINGS.leaseMs;
    await fleet.registry.register('slow', 'queue-slow', { leaseMs: longer });
    a.kill();
    const { outcome } = await round(undefined, longer - SETTINGS.beatMs);
    expect(await fleet.traces('slow')).toMatchObject({ lease: 'alive' });
    expect(outcome.report).toBeUndefined();
    await fleet.clock.advance(2 * CLEAN_MS);
    expect(outcome.report).toEqual({ cleaned: 2, failed: 0, left: 0 });
  });

  test('inspects all leases, whichever instance leads', async () => {
    const b = await fleet.start('b');
    expect(await fleet.registry.leader()).toBe('a');
    const { run } = await begin(b, 'm1');
    await run.publish(taskOf(WORKING));
    // The leader lives, but nothing that it cleans up gets through.
    a.wire = (call, name) => (name === 'leases' ? new Promise(() => {}) : call());
    b.kill();
    const { outcome } = await round();
    expect(outcome.report).toMatchObject({ cleaned: 1 });
    expect(await fleet.states()).toEqual([WORKING, FAILED]);
  });

  test('[I6] leaves runs to live servers that can execute them again', async () => {
    const b = await fleet.start('b');
    fleet.resumer = ({ run }) => void run.publish(statusOf(COMPLETED));
    const { run } = await begin(a, 'm1', KEY, 'recorded');
    await run.publish(taskOf(WORKING));
    a.kill();
    // The live instance renews late.
    b.wire = (call, name) => (/lease|leader/.test(name) ? new Promise(() => {}) : call());
    const { outcome } = await round();
    expect(outcome.report).toEqual({ cleaned: 0, failed: 0, left: 0 });
    expect(await fleet.states()).toEqual([WORKING]);
    expect(await fleet.registry.lease('a')).toMatchObject({ state: 'dead' });
    const c = await fleet.start('c');
    b.kill();
    await fleet.clock.advance(2 * CLEAN_MS);
    expect(c.instance.phase).toBe('ready');
    expect(await fleet.states()).toEqual([WORKING, COMPLETED]);
  });

  test('[I6] ends runs that could be resumed, if no server is left', async () => {
    const { run } = await begin(a, 'm1', KEY, 'recorded');
    await run.publish(taskOf(WORKING));
    a.kill();
    const { outcome } = await round();
    expect(outcome.report).toMatchObject({ cleaned: 1 });
    expect(await fleet.states()).toEqual([WORKING, FAILED]);
  });

  test('[I6] also ends them while another round runs, which executes nothing either', async () => {
    const { run } = await begin(a, 'm1', KEY, 'recorded');
    await run.publish(taskOf(WORKING));
    a.kill();
    const rounds = ['janitor-1', 'janitor-2'].map((id) => round(undefined, 0, id));
    await fleet.clock.advance(2 * CLEAN_MS);
    for (const { outcome } of await Promise.all(rounds)) expect(outcome.report?.failed).toBe(0);
    expect(await fleet.states()).toEqual([WORKING, FAILED]);
  });

  test('[I6] that was declared dead itself reports that it did nothing', async () => {
    await begin(a, 'm1');
    a.kill();
    const beat = fleet.registry.beat.bind(fleet.registry);
    fleet.registry.beat = async (id, count) => (count > 1 ? id === 'a' : beat(id, count));
    const { outcome } = await round();
    expect(outcome.report).toEqual({ cleaned: 0, failed: 1, left: 0 });
  });

  test('[I7] that was declared dead and cleaned up removes the rows that it has written since', async () => {
    await begin(a, 'm1');
    fleet.clock.after(SETTINGS.beatMs / 2, () => {
      void fleet.registry.removeLease('janitor-1');
      void fleet.registry.putIntent({
        instance: 'janitor-1',
        run: 'late',
        key: KEY,
        purpose: 'clean',
      });
    });
    const { outcome } = await round();
    expect(outcome.report).toMatchObject({ failed: 1 });
    expect(await fleet.traces('janitor-1')).toEqual(NO_TRACES);
  });

  test('[I6] without time to observe the leases reports that it did nothing', async () => {
    a.kill();
    const time = new AbortController();
    fleet.clock.after(SETTINGS.leaseMs, () => time.abort());
    const { outcome } = await round(time.signal);
    expect(outcome.report).toMatchObject({ cleaned: 0, failed: 1 });
  });

  test('that had enough time reports so even if its clock was set back meanwhile', async () => {
    const forMs = SETTINGS.leaseMs + SETTINGS.beatMs;
    const now = fleet.clock.now.bind(fleet.clock);
    fleet.clock.after(forMs / 2, () => {
      fleet.clock.now = () => now() - 3_600_000;
    });
    const { outcome } = await round(undefined, 2 * forMs);
    expect(outcome.report).toEqual({ cleaned: 0, failed: 0, left: 0 });
  });

  test('[I7] that ran out of time is followed by one that completes it', async () => {
    const { run } = await begin(a, 'm1');
    await run.publish(taskOf(WORKING));
    a.kill();
    const time = new AbortController();
    fleet.clock.after(SETTINGS.leaseMs + 2 * SETTINGS.beatMs, () => time.abort());
    const first = await round(time.signal);
    expect(first.outcome.report).toEqual({ cleaned: 0, failed: 0, left: 1 });
    expect(await fleet.states()).toEqual([WORKING, FAILED]);
    const b = await fleet.start('b');
    await fleet.clock.advance(2 * CLEAN_MS);
    expect(await fleet.traces('a')).toEqual(NO_TRACES);
    expect(await fleet.traces('janitor-1')).toEqual(NO_TRACES);
    expect(b.instance.phase).toBe('ready');
  });
});
