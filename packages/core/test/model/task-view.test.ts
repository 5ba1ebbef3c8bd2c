import type { Message, Task } from '@a2a-js/sdk';
import { describe, expect, test } from 'vitest';
import type { Entry } from '../../src/model/entry.ts';
import { inOneGo } from '../../src/model/sliced.ts';
import { TaskView } from '../../src/model/task-view.ts';
import { COMPLETED, chunkOf, message, statusOf, taskOf, WORKING } from '../fixtures/events.ts';
import { start } from '../fixtures/records.ts';

const event = (published: ReturnType<typeof taskOf>): Entry => ({
  kind: 'event',
  run: 'r',
  event: published,
});

function viewOf(...entries: readonly Entry[]): TaskView {
  const view = new TaskView();
  for (const entry of entries) view.apply(entry);
  return view;
}

const taskIn = (view: TaskView): Task | undefined => view.picture()?.copy();
const historyOf = (view: TaskView): string[] =>
  view.messages().map(({ messageId }: Message) => messageId);

describe('before the first Task', () => {
  test('there is no Task, but messages are kept for it', () => {
    const view = viewOf(start('r', { message: message('m1') }), event(statusOf(COMPLETED)));
    expect(view.picture()).toBeUndefined();
    view.apply(event(taskOf(WORKING)));
    expect(taskIn(view)?.history.map(({ messageId }) => messageId)).toEqual(['m1']);
    expect(taskIn(view)?.status?.state).toBe(WORKING);
  });

  test('artifacts are ignored', () => {
    const view = viewOf(event(chunkOf('out', 'early')), event(taskOf(WORKING)));
    expect(taskIn(view)?.artifacts).toEqual([]);
  });
});

describe('artifacts', () => {
  const partsOf = (view: TaskView, at = 0): unknown[] =>
    taskIn(view)?.artifacts[at]?.parts.map(({ content }) => content?.value) ?? [];

  test('are replaced, or appended to', () => {
    const view = viewOf(event(taskOf(WORKING)), event(chunkOf('out', 'one')));
    view.apply(event(chunkOf('out', 'two', { append: true })));
    expect(partsOf(view)).toEqual(['one', 'two']);
    view.apply(event(chunkOf('out', 'three')));
    expect(partsOf(view)).toEqual(['three']);
  });

  test('keep their order, and a name that an appended chunk omits', () => {
    const view = viewOf(event(taskOf(WORKING)));
    view.apply(event(chunkOf('a', '1', { artifact: { name: 'first' } })));
    view.apply(event(chunkOf('b', '2')));
    view.apply(event(chunkOf('a', '3', { append: true })));
    const artifacts = taskIn(view)?.artifacts.map(({ artifactId, name }) => [artifactId, name]);
    expect(artifacts).toEqual([
      ['a', 'first'],
      ['b', ''],
    ]);
  });

  test('[I1] a picture does not change with later chunks', () => {
    const view = viewOf(event(taskOf(WORKING)), event(chunkOf('out', 'one')));
    const before = view.picture();
    view.apply(event(chunkOf('out', 'two', { append: true })));
    expect(before?.copy().artifacts[0]?.parts).toHaveLength(1);
    expect(partsOf(view)).toEqual(['one', 'two']);
  });
});

describe('messages', () => {
  test('of a status are added once for each id', () => {
    const said = message('said', 'text', 'ROLE_AGENT');
    const view = viewOf(event(taskOf(WORKING)));
    view.apply(event(statusOf(WORKING, said)));
    view.apply(event(statusOf(COMPLETED, said)));
    expect(historyOf(view)).toEqual(['said']);
  });

  test('of one id with different content are both kept', () => {
    const view = viewOf(
      { kind: 'message', message: message('m1', 'one') },
      { kind: 'message', message: message('m1', 'two') },
      { kind: 'message', message: message('m1', 'one') },
    );
    expect(historyOf(view)).toEqual(['m1', 'm1']);
  });

  test('of a resumed run are not added again', () => {
    const said = message('m1');
    const view = viewOf(start('r', { message: said }));
    view.apply(start('r2', { message: said, resumes: 'r', attempt: 2 }));
    expect(historyOf(view)).toEqual(['m1']);
  });

  test('of a Task are added if they are new', () => {
    const view = viewOf(start('r', { message: message('m1') }));
    view.apply(event(taskOf(WORKING, { history: [message('m1'), message('m2')] })));
    expect(historyOf(view)).toEqual(['m1', 'm2']);
  });
});

test('a deletion removes the Task, and the next one gets none of its metadata', () => {
  const view = viewOf(event(taskOf(WORKING, { metadata: { secret: 1 } })), { kind: 'deleted' });
  expect(view.picture()).toBeUndefined();
  view.apply(event(taskOf(WORKING, { metadata: { other: 2 } })));
  expect(taskIn(view)?.metadata).toEqual({ other: 2 });
});

test('a restored view continues like the original', () => {
  const view = viewOf(start('r', { message: message('m1') }), event(taskOf(WORKING)));
  view.apply(event(chunkOf('out', 'one')));
  const restored = inOneGo(TaskView.restoring(taskIn(view), view.messages()));
  for (const one of [view, restored]) {
    one.apply(event(chunkOf('out', 'two', { append: true })));
    one.apply({ kind: 'message', message: message('m1') });
  }
  expect(taskIn(restored)).toEqual(taskIn(view));
  expect(historyOf(restored)).toEqual(['m1']);
});
