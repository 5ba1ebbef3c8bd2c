import { seededEntropy, TestClock } from '@a2a-aws/testkit/fakes';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { TaskLog } from '../../src/log/task-log.ts';
import type { Appended } from '../../src/log/waiting-proposals.ts';
import { proposeEnd } from '../../src/model/proposal.ts';
import { countEvents, type LogRecord } from '../../src/model/record.ts';
import { FIRST_SLOT, nextSlot, slotText } from '../../src/model/slot.ts';
import { sleep } from '../../src/ports/clock.ts';
import { authorOf, say, startRun } from '../fixtures/author.ts';
import { COMPLETED, chunkOf, FAILED, KEY, statusOf } from '../fixtures/events.ts';
import { taskLog } from '../fixtures/task-logs.ts';
import { type Hook, noAnswer, pass, WrappedStorage } from '../fixtures/wrapped-storage.ts';

// Many schedules: a machine under load may take its time.
vi.setConfig({ testTimeout: 60_000 });

const INSTANCES = ['a', 'b', 'c'];

/** Several handles on one log, with calls that take their time and get lost, all by one seed. */
class Race {
  readonly clock = new TestClock();
  readonly storage = new WrappedStorage();
  readonly logs: TaskLog[];
  /** The records that each handle passed to its listeners. */
  readonly heard: { record: LogRecord; own: boolean }[][] = [];
  /** Records that a listener received before they were in the storage. */
  readonly early: string[] = [];
  readonly #durable = new Set<string>();
  readonly #random: () => number;

  constructor(seed: number, faults: number) {
    this.#random = seededEntropy('race', seed).random;
    this.storage.onPut = this.#fault(faults);
    this.storage.onRead = this.#fault(faults);
    const { memory } = this.storage;
    const put = memory.putRecord.bind(memory);
    memory.putRecord = async (key, record) => {
      const outcome = await put(key, record);
      if ('written' in outcome) this.#durable.add(record.id);
      return outcome;
    };
    this.logs = INSTANCES.map((instance, n) => {
      const log = taskLog(this.storage, this.clock, instance, undefined, seed + n);
      const heard: { record: LogRecord; own: boolean }[] = [];
      this.heard.push(heard);
      log.listen(({ record }, own) => {
        if (!this.#durable.has(record.id)) this.early.push(record.id);
        heard.push({ record, own });
        if (own) this.#ring(record);
      });
      return log;
    });
  }

  /** Doorbells to all, the writer included: late, lost, repeated, out of order. */
  #ring(record: LogRecord): void {
    for (const log of this.logs) {
      for (let times = Math.floor(this.#random() * 3); times > 0; times -= 1) {
        this.clock.after(this.#random() * 200, () => {
          if (!log.absorb(record)) log.refresh().catch(() => {});
        });
      }
    }
  }

  #fault(faults: number): Hook {
    return async (call) => {
      await sleep(this.clock, this.#random() * 50);
      if (this.#random() < faults / 2) throw noAnswer();
      const answer = await call();
      await sleep(this.clock, this.#random() * 50);
      if (this.#random() < faults / 2) throw noAnswer();
      return answer;
    };
  }

  /**
   * Runs `work` and everything that it starts to the end, then lets every handle read the missing
   * records.
   */
  async settle(work: Promise<unknown>): Promise<readonly LogRecord[]> {
    let done = false;
    void work.finally(() => {
      done = true;
    });
    await this.clock.advanceUntil(() => done, 3_600_000);
    await work;
    this.storage.onRead = pass;
    for (const log of this.logs) {
      const read = log.refresh();
      await this.clock.advance(1_000);
      await read;
    }
    return (await this.storage.loaded(KEY)).records;
  }
}

const schedule = fc.record({
  seed: fc.integer(),
  faults: fc.constantFrom(0, 0.2, 0.6),
  writes: fc.array(fc.record({ by: fc.nat(INSTANCES.length - 1), at: fc.nat(300) }), {
    minLength: 1,
    maxLength: 15,
  }),
});

const law = (
  name: string,
  check: (played: {
    race: Race;
    records: readonly LogRecord[];
    said: { id: string; outcome: Appended }[];
  }) => void,
): void => {
  test(name, async () => {
    await fc.assert(
      fc.asyncProperty(schedule, async ({ seed, faults, writes }) => {
        const race = new Race(seed, faults);
        const starts = race.logs.map((log, n) => startRun(log, `run-${n}`, INSTANCES[n] ?? ''));
        const said = writes.map(async ({ by, at }, n) => {
          const log = race.logs[by];
          const instance = INSTANCES[by];
          if (!log || !instance) throw new Error('no such writer');
          await starts[by];
          await sleep(race.clock, at);
          const event = chunkOf(`event-${n}`, 'x');
          return { id: `event-${n}`, outcome: await say(log, `run-${by}`, event, instance) };
        });
        const records = await race.settle(Promise.all([...starts, ...said]));
        check({ race, records, said: await Promise.all(said) });
      }),
      { numRuns: 60 },
    );
  });
};

describe('several writers on one log with lost calls and answers', () => {
  law('[I1] its slots are dense', ({ records }) => {
    let slot = FIRST_SLOT;
    for (const record of records) {
      expect(slotText(record.slot)).toBe(slotText(slot));
      slot = nextSlot(slot, countEvents(record.entries));
    }
  });

  law('[I1] each event is in it once', ({ records, said }) => {
    const ids = records
      .flatMap((record) => record.entries)
      .flatMap((entry) =>
        entry.kind === 'event' && entry.event.kind === 'artifactUpdate'
          ? (entry.event.data.artifact?.artifactId ?? [])
          : [],
      );
    expect(ids.toSorted()).toEqual(said.map(({ id }) => id).toSorted());
    for (const { outcome } of said) expect(outcome).toHaveProperty('appended');
  });

  law(
    '[I1] [I3] every handle receives every record once, in the order of the log',
    ({ race, records }) => {
      for (const heard of race.heard) expect(heard.map(({ record }) => record)).toEqual(records);
    },
  );

  law('[I2] no listener gets a record before it is durable', ({ race }) => {
    expect(race.early).toEqual([]);
  });

  law('[I1] every writer knows its own records, and no others, for its own', ({ race }) => {
    for (const [n, heard] of race.heard.entries()) {
      for (const { record, own } of heard) expect(own).toBe(record.instance === INSTANCES[n]);
    }
  });

  law('[I1] all come to the same Task', ({ race }) => {
    const [first, ...others] = race.logs.map((log) => [log.state, log.task()]);
    for (const other of others) expect(other).toEqual(first);
  });
});

test('[I4] exactly one of several racing ends is taken, and all others learn of it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.constantFrom(0, 0.2, 0.6), async (seed, faults) => {
      const race = new Race(seed, faults);
      const starts = race.logs.map((log, n) => startRun(log, `run-${n}`, INSTANCES[n] ?? ''));
      const ends = race.logs.map(async (log, n) => {
        const instance = INSTANCES[n] ?? '';
        // The last run to end would close the task before another has started.
        await Promise.all(starts);
        if (n === 2) return log.append(proposeEnd(authorOf(instance), `run-${n}`));
        return say(log, `run-${n}`, statusOf(n === 0 ? COMPLETED : FAILED), instance);
      });
      const records = await race.settle(Promise.all(ends));
      const outcomes = await Promise.all(ends);
      expect(outcomes.slice(0, 2).filter((outcome) => 'appended' in outcome)).toHaveLength(1);
      const terminal = records
        .flatMap((record) => record.entries)
        .filter((e) => e.kind === 'event' && e.event.kind === 'statusUpdate');
      expect(terminal).toHaveLength(1);
      for (const log of race.logs) expect(log.state.sealed).toBe(true);
    }),
    { numRuns: 60 },
  );
});
