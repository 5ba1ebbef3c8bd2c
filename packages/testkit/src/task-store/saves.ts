import type { Task } from '@a2a-js/sdk';
import { describe, expect, test } from 'vitest';
import { callContext } from '../call-context.ts';
import {
  artifactOf,
  COMPLETED,
  fullTask,
  idsOf,
  listRequest,
  messageOf,
  taskOf,
  textPart,
  WORKING,
  withState,
} from './sample-tasks.ts';
import type { TaskStoreTests } from './task-store-under-test.ts';

/** A loaded task equals the saved one, and shares no object with it. */
export function saves({ capabilities, open }: TaskStoreTests): void {
  describe('a save', () => {
    test('is loaded by every later request, on every instance', async () => {
      const [one, other] = [open(), open()];
      const context = callContext();
      expect(await one.load('task-1', context)).toBeUndefined();
      const task = fullTask('task-1');
      await one.save(task, context);
      expect(await one.load('task-1', context)).toEqual(task);
      expect(await one.load('task-1', callContext())).toEqual(task);
      expect(await other.load('task-1', callContext())).toEqual(task);
    });

    test('of an empty task is loaded as an empty task', async () => {
      const bare = { ...taskOf('bare'), contextId: '', status: undefined, history: [] };
      await open().save(bare, callContext());
      expect(await open().load('bare', callContext())).toEqual(bare);
    });

    test('may follow another in the same request, as a run grows its task', async () => {
      const [one, other] = [open(), open()];
      const context = callContext();
      let task = taskOf('task-1');
      const grow = async (next: Task): Promise<void> => {
        task = next;
        await one.save(task, context);
        expect(await other.load('task-1', callContext())).toEqual(task);
      };
      await grow(task);
      await grow({ ...task, artifacts: [artifactOf('a', '1')] });
      await grow({ ...task, artifacts: [artifactOf('a', '1', '2')] });
      await grow({ ...task, artifacts: [artifactOf('a', '1', '2'), artifactOf('b', 'x')] });
      await grow({ ...task, artifacts: [artifactOf('a', 'other'), artifactOf('b', 'x')] });
      await grow({ ...task, history: [...task.history, messageOf('m2')] });
      await grow({ ...task, metadata: { a: 1, b: { c: 2 } } });
      await grow({ ...task, metadata: { a: 1, b: { d: 3 } } });
      const said = messageOf('said');
      await grow({
        ...task,
        status: { state: WORKING, message: said, timestamp: undefined },
        history: [...task.history, said],
      });
      await grow(withState(task, COMPLETED));
    });

    test('of an unchanged task changes nothing', async () => {
      const store = open();
      const task = fullTask('task-1');
      await store.save(task, callContext());
      const context = callContext();
      const loaded = await store.load('task-1', context);
      if (loaded) await store.save(loaded, context);
      expect(await open().load('task-1', callContext())).toEqual(task);
    });

    test('takes the task to another context', async () => {
      const store = open();
      await store.save(taskOf('task-1'), callContext());
      const context = callContext();
      const loaded = await store.load('task-1', context);
      if (loaded) await store.save({ ...loaded, contextId: 'context-2' }, context);
      const inContext = async (contextId: string): Promise<string[]> =>
        idsOf(await open().list(listRequest({ contextId }), callContext()));
      expect(await inContext('context-1')).toEqual([]);
      expect(await inContext('context-2')).toEqual(['task-1']);
    });

    test('copies its task, and so do loads and lists', async () => {
      const store = open();
      const context = callContext();
      const task = fullTask('task-1');
      await store.save(task, context);
      const spoil = (copy: Task | undefined): void => {
        copy?.history.push(messageOf('mine'));
        copy?.artifacts[0]?.parts.push(textPart('mine'));
        if (copy?.status) copy.status.state = COMPLETED;
        Object.assign(copy?.metadata ?? {}, { mine: true });
      };
      spoil(task);
      spoil(await store.load('task-1', context));
      spoil(await store.load('task-1', callContext()));
      const page = await store.list(listRequest({ includeArtifacts: true }), context);
      spoil(page.tasks[0]);
      expect(await store.load('task-1', callContext())).toEqual(fullTask('task-1'));
      expect(await store.load('task-1', context)).toEqual(fullTask('task-1'));
    });

    test('keeps each object that one request saves as it was then', async () => {
      const store = open();
      const context = callContext();
      const task = taskOf('task-1');
      await store.save(task, context);
      task.artifacts.push(artifactOf('a', '1'));
      await store.save(task, context);
      task.artifacts[0]?.parts.push(textPart('2'));
      await store.save(task, context);
      expect(await open().load('task-1', callContext())).toEqual(task);
    });

    const left = {
      ...taskOf('task-1'),
      history: [messageOf('m2')],
      artifacts: [artifactOf('b', 'x')],
      metadata: { b: 2 },
    };
    const leaveOut = async (): Promise<Task | undefined> => {
      const store = open();
      const whole = {
        ...taskOf('task-1'),
        history: [messageOf('m1'), messageOf('m2')],
        artifacts: [artifactOf('a', 'x'), artifactOf('b', 'x')],
        metadata: { a: 1, b: 2 },
      };
      await store.save(whole, callContext());
      const context = callContext();
      await store.load('task-1', context);
      await store.save(left, context);
      return store.load('task-1', callContext());
    };

    if (capabilities.save === 'adds') {
      test('removes nothing: omitted parts stay', async () => {
        const task = await leaveOut();
        expect(task?.history.map(({ messageId }) => messageId)).toEqual(['m1', 'm2']);
        expect(task?.artifacts.map(({ artifactId }) => artifactId)).toEqual(['a', 'b']);
        expect(task?.metadata).toEqual({ a: 1, b: 2 });
      });
    } else {
      test('replaces the whole task: omitted parts are gone', async () => {
        expect(await leaveOut()).toEqual(left);
      });
    }
  });
}
