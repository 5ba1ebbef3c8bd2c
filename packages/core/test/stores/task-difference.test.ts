import { Artifact, Task } from '@a2a-js/sdk';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { Entry } from '../../src/model/entry.ts';
import { Fold } from '../../src/model/fold.ts';
import { differenceButStatus, taskDifference } from '../../src/stores/task-difference.ts';
import {
  anyArtifact,
  anyMetadata,
  anyPart,
  anyTask,
  runningStatus,
} from '../fixtures/arbitraries.ts';
import { COMPLETED, message, taskOf, WORKING } from '../fixtures/events.ts';
import { recordAt } from '../fixtures/records.ts';

// Many schedules: a machine under load may take its time.
vi.setConfig({ testTimeout: 60_000 });

/** A task as a store hands it out: it has been JSON. */
const stored = (task: Task): Task => Task.fromJSON(JSON.parse(JSON.stringify(Task.toJSON(task))));

const aMessage = fc.constantFrom('m1', 'm2', 'm3', 'm4').map((id) => message(id));
/** A message id means one message, and a fold has that of the status in its history. */
const aStatus = runningStatus.chain((status) =>
  fc.option(aMessage, { nil: undefined }).map((said) => ({ ...status, message: said })),
);
const withMessages = (history: Task['history'], more: Task['history']): Task['history'] => [
  ...new Map([...history, ...more].map((one) => [one.messageId, one])).values(),
];

const anyStored = fc
  .tuple(anyTask(aStatus), fc.array(aMessage, { maxLength: 3 }))
  .map(([event, messages]) => {
    const task = event.data as Task;
    const said = task.status?.message ? [task.status.message] : [];
    return stored({ ...task, history: withMessages(messages, said) });
  });

const foldOf = (task: Task): Fold => {
  const fold = new Fold();
  append(fold, [{ kind: 'event', event: { kind: 'task', data: task } }]);
  return fold;
};

const append = (fold: Fold, entries: readonly Entry[]): void => {
  if (entries.length > 0) fold.apply(recordAt(fold.state.next, entries));
};

const additions = fc.record({
  messages: fc.array(aMessage, { maxLength: 3 }),
  artifacts: fc.array(anyArtifact, { maxLength: 2 }),
  parts: fc.array(anyPart, { maxLength: 2 }),
  status: fc.option(aStatus, { nil: undefined }),
  metadata: anyMetadata,
});

type Additions = typeof additions extends fc.Arbitrary<infer T> ? T : never;

/** Returns the task after an executor's additions: apart from its status, it only grows. */
const grown = (task: Task, added: Additions): Task => {
  const status = added.status ?? task.status;
  const said = added.status?.message ? [added.status.message] : [];
  const history = withMessages(task.history, [...added.messages, ...said]);
  const artifacts = task.artifacts.map((artifact, at) =>
    at === 0 ? { ...artifact, parts: [...artifact.parts, ...added.parts] } : artifact,
  );
  for (const artifact of added.artifacts) {
    const at = artifacts.findIndex(({ artifactId }) => artifactId === artifact.artifactId);
    if (at < 0) artifacts.push(artifact);
    else artifacts[at] = artifact;
  }
  const metadata = added.metadata ? { ...task.metadata, ...added.metadata } : task.metadata;
  return stored({ ...task, history, artifacts, status, metadata });
};

/** The messages in no order: the status' own is added with its status, last. */
const sorted = (task: Task | undefined): unknown =>
  task && {
    ...task,
    history: task.history.toSorted((a, b) => (a.messageId < b.messageId ? -1 : 1)),
  };

const saysStatus = (entry: Entry): boolean =>
  entry.kind === 'event' && entry.event.kind !== 'artifactUpdate';

describe('the difference of a task', () => {
  test('makes of the task that was loaded the one that was saved', () => {
    fc.assert(
      fc.property(anyStored, additions, (loaded, added) => {
        const fold = foldOf(loaded);
        const saved = grown(loaded, added);
        append(fold, taskDifference(loaded, saved));
        expect(sorted(fold.task())).toEqual(sorted(saved));
      }),
      { numRuns: 400 },
    );
  });

  test('is empty if the task was not changed', () => {
    fc.assert(
      fc.property(anyStored, (task) => {
        expect(taskDifference(task, stored(task))).toEqual([]);
      }),
    );
  });

  test('[I1] has each new message of an id that was used before', () => {
    const history = [message('1', 'one'), message('1', 'two'), message('1', 'three')];
    const loaded = { ...base, history: history.slice(0, 1) };
    expect(taskDifference(loaded, { ...base, history })).toEqual([
      { kind: 'message', message: history[1] },
      { kind: 'message', message: history[2] },
    ]);
  });

  test('of a task that did not exist is the whole task', () => {
    fc.assert(
      fc.property(anyStored, (task) => {
        expect(sorted(foldOf(task).task())).toEqual(sorted(task));
        const event = { kind: 'task', data: task };
        expect(taskDifference(undefined, task)).toEqual([{ kind: 'event', event }]);
      }),
    );
  });

  test('[I1] loses no change that either of two has made to the task that both loaded', () => {
    fc.assert(
      fc.property(anyStored, additions, additions, (loaded, one, other) => {
        const fold = foldOf(loaded);
        const [a, b] = [grown(loaded, one), grown(loaded, other)];
        append(fold, taskDifference(loaded, a));
        append(fold, taskDifference(loaded, b));
        const task = fold.task();
        const ids = (of: Task | undefined): string[] => of?.history.map((m) => m.messageId) ?? [];
        const artifacts = (of: Task | undefined): string[] =>
          of?.artifacts.map((artifact) => artifact.artifactId) ?? [];
        expect(new Set(ids(task))).toEqual(new Set([...ids(a), ...ids(b)]));
        expect(new Set(artifacts(task))).toEqual(new Set([...artifacts(a), ...artifacts(b)]));
        expect(Object.keys(task?.metadata ?? {})).toEqual(
          expect.arrayContaining([
            ...Object.keys(a.metadata ?? {}),
            ...Object.keys(b.metadata ?? {}),
          ]),
        );
      }),
      { numRuns: 200 },
    );
  });

  const base = taskOf(WORKING, { history: [message('m1')] }).data as Task;

  test('[I4] has no status if it was not changed', () => {
    fc.assert(
      fc.property(anyStored, additions, (loaded, added) => {
        const saved = grown(loaded, { ...added, status: undefined });
        expect(taskDifference(loaded, saved).filter(saysStatus)).toEqual([]);
      }),
    );
  });

  test('is everything but the status, for a task that another save has overtaken, with its message', () => {
    fc.assert(
      fc.property(fc.option(anyStored), anyStored, additions, (before, task, added) => {
        const loaded = before ? task : undefined;
        const saved = grown(task, added);
        const fold = foldOf(before ?? task);
        const { status } = fold.task() ?? task;
        const entries = differenceButStatus(loaded, saved);
        expect(entries.filter(saysStatus)).toEqual([]);
        append(fold, entries);
        const after = fold.task();
        expect(after?.status).toEqual(status);
        const said = saved.status?.message ? [saved.status.message] : [];
        const known = new Set(loaded?.history.map(({ messageId }) => messageId));
        for (const { messageId } of [...saved.history, ...said]) {
          const isThere = after?.history.some((one) => one.messageId === messageId);
          expect(isThere || known.has(messageId)).toBe(true);
        }
        expect(Object.keys(after?.metadata ?? {})).toEqual(
          expect.arrayContaining(
            Object.keys(saved.metadata ?? {}).filter((key) => !(key in (loaded?.metadata ?? {}))),
          ),
        );
      }),
      { numRuns: 300 },
    );
  });

  test('has only the new parts of an artifact', () => {
    const part = (value: string): Task['artifacts'][0]['parts'][0] => ({
      content: { $case: 'text', value },
      metadata: undefined,
      filename: '',
      mediaType: '',
    });
    const artifact = {
      artifactId: 'a',
      name: '',
      description: '',
      metadata: undefined,
      extensions: [],
    };
    const loaded = { ...base, artifacts: [{ ...artifact, parts: [part('1')] }] };
    const saved = { ...base, artifacts: [{ ...artifact, parts: [part('1'), part('2')] }] };
    expect(taskDifference(loaded, saved)).toMatchObject([
      {
        event: { kind: 'artifactUpdate', data: { append: true, artifact: { parts: [part('2')] } } },
      },
    ]);
  });

  test('[I1] keeps additions of another save to an artifact, and ignores its old name', () => {
    const artifact = (name: string, metadata: Task['metadata'], ...texts: string[]): Artifact => ({
      ...Artifact.fromJSON({ artifactId: 'a', name, parts: texts.map((text) => ({ text })) }),
      metadata,
    });
    const loaded = { ...base, artifacts: [artifact('old', { a: 1, b: 1 }, '1')] };
    const saves = [
      artifact('new', { a: 2, b: 1 }, '1', '2'),
      artifact('old', { a: 1, b: 1 }, '1', '3'),
      artifact('old', { a: 1, b: 1, c: 1 }, '1'),
    ];
    const fold = foldOf(loaded);
    for (const saved of saves) {
      append(fold, taskDifference(loaded, { ...base, artifacts: [saved] }));
    }
    expect(fold.task()?.artifacts).toEqual([artifact('new', { a: 2, b: 1, c: 1 }, '1', '2', '3')]);
  });

  test.each<[string, Partial<Artifact>]>([
    ['its name', { name: '' }],
    ['its description', { description: '' }],
    ['a key of its metadata', { metadata: { b: 1 } }],
    ['its metadata', { metadata: undefined }],
    ['a part', { parts: [] }],
    ['an extension', { extensions: [] }],
  ])('replaces an artifact that has lost %s', (_, lost) => {
    const artifact: Artifact = {
      ...Artifact.fromJSON({ artifactId: 'a', name: 'n', parts: [{ text: '1' }] }),
      description: 'd',
      metadata: { a: 1, b: 1 },
      extensions: ['https://example.org/extension'],
    };
    const loaded = { ...base, artifacts: [artifact] };
    const saved = { ...base, artifacts: [{ ...artifact, ...lost }] };
    const fold = foldOf(loaded);
    append(fold, taskDifference(loaded, saved));
    expect(fold.task()?.artifacts).toEqual(saved.artifacts);
  });

  test('has the new and changed keys of the metadata, whatever their names are', () => {
    const metadata = JSON.parse('{"a":1,"__proto__":{},"b":{"c":2}}');
    const loaded = { ...base, metadata: { a: 1, b: {} } };
    const [entry, ...more] = taskDifference(loaded, { ...base, metadata });
    expect(JSON.stringify(entry)).toBe(
      '{"kind":"metadata","metadata":{"__proto__":{},"b":{"c":2}}}',
    );
    expect(more).toEqual([]);
  });

  test('removes nothing: a part that a save omits stays', () => {
    const saved = { ...base, history: [], artifacts: [], metadata: undefined };
    expect(taskDifference({ ...base, metadata: { a: 1 } }, saved)).toEqual([]);
  });

  test("has a status' message once, with its status", () => {
    const said = message('said', 'done', 'ROLE_AGENT');
    const status = { state: COMPLETED, message: said, timestamp: undefined };
    const saved = { ...base, status, history: [message('m1'), said] };
    expect(taskDifference(base, saved).map(({ kind }) => kind)).toEqual(['event']);
  });

  test('has a message of the status that was loaded, if only the history is new', () => {
    const said = message('said', 'wait', 'ROLE_AGENT');
    const loaded = { ...base, status: { state: WORKING, message: said, timestamp: undefined } };
    const saved = { ...loaded, history: [message('m1'), said] };
    expect(taskDifference(loaded, saved)).toEqual([{ kind: 'message', message: said }]);
  });

  test('has the status last, because all entries after a terminal one are lost', () => {
    const status = { state: COMPLETED, message: undefined, timestamp: undefined };
    const saved: Task = {
      ...base,
      status,
      history: [message('m1'), message('m2')],
      artifacts: [
        {
          artifactId: 'a',
          name: '',
          description: '',
          parts: [],
          metadata: undefined,
          extensions: [],
        },
      ],
    };
    const kinds = taskDifference(base, saved).map((entry) =>
      entry.kind === 'event' ? entry.event.kind : entry.kind,
    );
    expect(kinds).toEqual(['message', 'artifactUpdate', 'statusUpdate']);
  });
});
