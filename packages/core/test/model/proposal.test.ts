import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { eventStatus, isInterrupted, isTerminal } from '../../src/a2a/event.ts';
import { Fold } from '../../src/model/fold.ts';
import {
  type Author,
  type Proposal,
  proposeAnswer,
  proposeCancel,
  proposeEnd,
  proposeEvent,
  proposeFailure,
  proposeFence,
  proposeForcedCancel,
  proposeStart,
} from '../../src/model/proposal.ts';
import { encode, type LogRecord, recordBody } from '../../src/model/record.ts';
import type { Refusal } from '../../src/model/refusal.ts';
import { compareSlots } from '../../src/model/slot.ts';
import { type LogState, openRuns } from '../../src/model/state.ts';
import {
  AUTH_REQUIRED,
  CANCELED,
  COMPLETED,
  chunkOf,
  FAILED,
  INPUT_REQUIRED,
  KEY,
  message,
  SUBMITTED,
  statusOf,
  taskOf,
  WORKING,
} from '../fixtures/events.ts';

// Many schedules: a machine under load may take its time.
vi.setConfig({ testTimeout: 60_000 });

const INSTANCES = ['a', 'b', 'c'] as const;
const RUNS = ['r0', 'r1', 'r2', 'r3', 'r4'] as const;

/** Each run belongs to one instance. */
const homeOf = (run: string): string => INSTANCES[Number(run.slice(1)) % 3] ?? 'a';

let stamps = 0;
const authorOf = (instance: string): Author => ({
  instance,
  taskId: KEY.taskId,
  stamp: { id: () => `stamp-${stamps++}`, timestamp: () => '2026-01-01T00:00:00.000Z' },
});

/** A proposal, and the instance that makes it. */
interface AppliedRecord {
  readonly what: string;
  readonly by: string;
  readonly run?: string;
  readonly propose: Proposal;
}

const run = fc.constantFrom(...RUNS);
const instance = fc.constantFrom(...INSTANCES);
const event = fc.oneof(
  fc.constantFrom(SUBMITTED, WORKING, INPUT_REQUIRED, AUTH_REQUIRED).map((s) => statusOf(s)),
  fc.constantFrom(SUBMITTED, WORKING, INPUT_REQUIRED).map((s) => taskOf(s)),
  fc.constant(chunkOf('a1', 'text')),
  fc.constantFrom(COMPLETED, FAILED).map((s) => statusOf(s)),
);

const ofRun = (what: string, id: string, propose: Proposal): AppliedRecord => ({
  what,
  by: homeOf(id),
  run: id,
  propose,
});

/** A start of the run for the message of this id, if any. */
const startOf = (id: string, messageId?: string): AppliedRecord =>
  ofRun(
    'start',
    id,
    proposeStart(authorOf(homeOf(id)), {
      kind: 'start',
      run: id,
      attempt: 1,
      instance: homeOf(id),
      contextId: 'context-1',
      message: messageId === undefined ? undefined : message(messageId),
      digest: messageId,
    }),
  );

const step: fc.Arbitrary<AppliedRecord> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(run, fc.constantFrom('m0', 'm1', 'm2', 'm3', undefined))
      .map(([id, messageId]) => startOf(id, messageId)),
  },
  {
    weight: 6,
    arbitrary: fc
      .tuple(run, event)
      .map(([id, e]) =>
        ofRun(
          'event',
          id,
          proposeEvent(authorOf(homeOf(id)), id, encode({ kind: 'event', run: id, event: e })),
        ),
      ),
  },
  run.map((id) => ofRun('end', id, proposeEnd(authorOf(homeOf(id)), id))),
  run.map((id) => {
    const answer = encode({ kind: 'answer', run: id, message: message('answer') });
    return ofRun('answer', id, proposeAnswer(authorOf(homeOf(id)), id, answer));
  }),
  run.map((id) => ofRun('fail', id, proposeFailure(authorOf(homeOf(id)), id, 'failed'))),
  instance.map((by) => ({ what: 'cancel', by, propose: proposeCancel(authorOf(by), 'c') })),
  instance.map((by) => ({ what: 'force', by, propose: proposeForcedCancel(authorOf(by)) })),
  fc.tuple(instance, instance).map(([by, dead]) => ({
    what: 'fence',
    by,
    propose: proposeFence(authorOf(by), dead),
  })),
);

interface Outcome {
  readonly step: AppliedRecord;
  readonly before: LogState;
  readonly after: LogState;
  readonly record?: LogRecord;
  readonly refused?: Refusal;
}

/** Returns the log after these steps, one after the other. Runs are never used twice. */
function play(steps: readonly AppliedRecord[]): {
  outcomes: Outcome[];
  fold: Fold;
  generations: number[];
} {
  const fold = new Fold();
  const generations: number[] = [];
  const outcomes: Outcome[] = [];
  for (const one of steps) {
    const before = fold.state;
    if (one.what === 'start' && before.runs.has(one.run ?? '')) continue;
    const decision = one.propose(before);
    if ('refused' in decision) {
      outcomes.push({ step: one, before, after: before, refused: decision.refused });
      continue;
    }
    const record: LogRecord = {
      id: `record-${outcomes.length}`,
      instance: one.by,
      time: 0,
      slot: before.next,
      entries: decision.entries.map(({ entry }) => entry),
      body: recordBody(decision.entries),
    };
    const { deliveries } = fold.apply(record);
    generations.push(...deliveries.map((delivery) => delivery.generation));
    outcomes.push({ step: one, before, after: fold.state, record });
  }
  return { outcomes, fold, generations };
}

const law = (name: string, check: (played: ReturnType<typeof play>) => void): void => {
  test(name, () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => check(play(steps))),
      { numRuns: 1_000 },
    );
  });
};

const appended = (outcomes: readonly Outcome[]): (Outcome & { record: LogRecord })[] =>
  outcomes.flatMap((outcome) => (outcome.record ? [{ ...outcome, record: outcome.record }] : []));

describe('any sequence of proposals', () => {
  law('[I1] generations are 1, 2, 3 …', ({ generations }) => {
    expect(generations).toEqual(generations.map((_, n) => n + 1));
  });

  law('[I1] nothing is appended but by a decision: each record has an entry', ({ outcomes }) => {
    for (const { record } of appended(outcomes)) expect(record.entries.length).toBeGreaterThan(0);
  });

  law('[I4] nothing follows a terminal status', ({ outcomes }) => {
    const entries = appended(outcomes).flatMap(({ record }) => record.entries);
    const end = entries.findIndex(
      (entry) => entry.kind === 'event' && isTerminal(eventStatus(entry.event)?.state),
    );
    if (end >= 0) expect(entries).toHaveLength(end + 1);
  });

  law('[I4] a later proposal is refused as sealed', ({ outcomes }) => {
    for (const { before, refused } of outcomes) {
      if (before.sealed) expect(refused).toBeOneOf(['sealed', 'duplicate']);
    }
  });

  law('[I5] nothing of an instance follows its fence', ({ outcomes }) => {
    for (const {
      step: { by },
      before,
      record,
    } of outcomes) {
      if (before.fenced.has(by)) expect(record).toBeUndefined();
    }
  });

  law('[I5] a run appends only between its start and its end', ({ outcomes }) => {
    for (const {
      before,
      record,
      step: { run: id, what },
    } of appended(outcomes)) {
      if (what === 'start' || id === undefined) continue;
      expect(before.runs.get(id)?.phase).toBe('open');
      for (const entry of record.entries) {
        if (entry.kind === 'event') expect(entry.run ?? id).toBe(id);
      }
    }
  });

  law('a message starts one run', ({ outcomes }) => {
    const ids = appended(outcomes)
      .flatMap(({ record }) => record.entries)
      .flatMap((entry) => (entry.kind === 'start' ? (entry.message?.messageId ?? []) : []));
    expect(ids).toEqual([...new Set(ids)]);
  });

  law('a wish to cancel bars every start', ({ outcomes }) => {
    for (const {
      before,
      step: { what },
      record,
    } of outcomes) {
      if (before.cancelRequested && what === 'start') expect(record).toBeUndefined();
    }
  });

  law('the backend ends a task with a cancel request as CANCELED', ({ outcomes }) => {
    for (const {
      before,
      after,
      step: { what },
    } of appended(outcomes)) {
      if (!before.cancelRequested || !after.sealed || what === 'event') continue;
      expect(after.status?.state).toBe(CANCELED);
    }
  });

  law('[I6] a task that looks active has an open run', ({ outcomes }) => {
    for (const { after } of outcomes) {
      if (after.sealed || after.runs.size === 0 || openRuns(after).length > 0) continue;
      expect(!after.hasTask || isInterrupted(after.status?.state)).toBe(true);
    }
  });

  law('[I6] a run that is over has a result', ({ outcomes }) => {
    for (const { after } of outcomes) {
      for (const one of after.runs.values()) {
        if (one.phase === 'ended') expect(one.resultGeneration).toBeDefined();
        if (openRuns(after).length === 0) expect(one.resultGeneration).toBeDefined();
        if (one.answer) expect(one.phase).toBe('ended');
      }
    }
  });

  law('a fence fails no task that others work on, or that rests', ({ outcomes }) => {
    for (const {
      before,
      after,
      record,
      step: { what },
    } of appended(outcomes)) {
      if (what !== 'fence' || !after.sealed) continue;
      const dead = record.entries.flatMap((e) => (e.kind === 'fence' ? e.instance : []));
      const open = openRuns(before);
      expect(open.every(([, one]) => dead.includes(one.instance))).toBe(true);
      if (before.cancelRequested) continue;
      const { status } = before;
      const lost = [...before.runs.values()].filter(
        (one) => one.phase === 'lost' || (one.phase === 'open' && dead.includes(one.instance)),
      );
      const rests =
        status !== undefined &&
        isInterrupted(status.state) &&
        lost.every((one) => compareSlots(status.slot, one.start) > 0);
      expect(rests).toBe(false);
    }
  });

  law('the first thing that a reader sees is a Task', ({ outcomes }) => {
    const first = appended(outcomes)
      .flatMap(({ record }) => record.entries)
      .find((entry) => entry.kind === 'event');
    if (first?.kind === 'event') expect(first.event.kind).toBe('task');
  });
});

describe('a fence', () => {
  const started = (...ids: readonly string[]): AppliedRecord[] =>
    ids.map((id) => startOf(id, `for ${id}`));
  const says = (id: string, what: ReturnType<typeof statusOf>): AppliedRecord =>
    ofRun(
      'event',
      id,
      proposeEvent(authorOf(homeOf(id)), id, encode({ kind: 'event', run: id, event: what })),
    );
  const fence = (dead: string): AppliedRecord => ({
    what: 'fence',
    by: 'c',
    propose: proposeFence(authorOf('c'), dead),
  });

  test('[I6] fails a task whose run was lost, also before its first event', () => {
    const { fold } = play([...started('r0'), fence('a')]);
    expect(fold.task()?.status?.state).toBe(FAILED);
    expect(fold.task()?.history.map((m) => m.messageId)).toEqual(['for r0']);
  });

  test('[I6] leaves a task that has been waiting for input since', () => {
    const { fold, outcomes } = play([
      ...started('r0'),
      says('r0', statusOf(INPUT_REQUIRED)),
      fence('a'),
    ]);
    expect(fold.state).toMatchObject({ sealed: false, status: { state: INPUT_REQUIRED } });
    expect(outcomes.at(-1)?.record?.entries).toEqual([{ kind: 'fence', instance: 'a' }]);
  });

  test('[I6] fails a task that waited for input before the lost run', () => {
    const { fold } = play([
      ...started('r0'),
      says('r0', statusOf(INPUT_REQUIRED)),
      ofRun('end', 'r0', proposeEnd(authorOf('a'), 'r0')),
      ...started('r1'),
      fence('b'),
    ]);
    expect(fold.task()?.status?.state).toBe(FAILED);
  });

  test('[I6] leaves a task with an open run of another instance', () => {
    const { fold } = play([...started('r0', 'r1'), says('r0', statusOf(WORKING)), fence('a')]);
    expect(fold.state.sealed).toBe(false);
    expect(openRuns(fold.state).map(([id]) => id)).toEqual(['r1']);
  });

  test('[I6] of the second of two instances fails the task that both have lost', () => {
    const { fold } = play([...started('r0', 'r1'), fence('a'), fence('b')]);
    expect(fold.task()?.status?.state).toBe(FAILED);
  });

  test('[I6] cancels a task whose run was lost after a cancel request', () => {
    const { fold } = play([
      ...started('r0'),
      says('r0', statusOf(WORKING)),
      { what: 'cancel', by: 'b', propose: proposeCancel(authorOf('b'), 'c1') },
      fence('a'),
    ]);
    expect(fold.task()?.status?.state).toBe(CANCELED);
  });

  test('[I5] is the only entry in an empty log', () => {
    const { outcomes } = play([fence('a'), ...started('r0')]);
    expect(outcomes[0]?.record?.entries).toEqual([{ kind: 'fence', instance: 'a' }]);
    expect(outcomes[1]?.refused).toBe('fenced');
  });

  test('adds no entry the second time', () => {
    expect(play([fence('a'), fence('a')]).outcomes[1]?.refused).toBe('nothing');
  });
});
