import type { Task } from '@a2a-js/sdk';
import type { ServerCallContext, TaskStore } from '@a2a-js/sdk/server';
import { describe, expect, test } from 'vitest';
import { callContext } from '../call-context.ts';
import {
  artifactOf,
  COMPLETED,
  FAILED,
  INPUT_REQUIRED,
  listRequest,
  messageOf,
  second,
  taskOf,
  WORKING,
  withState,
} from './sample-tasks.ts';
import type { TaskStoreTests } from './task-store-under-test.ts';

async function loaded(store: TaskStore, context: ServerCallContext): Promise<Task> {
  const task = await store.load('task-1', context);
  if (!task) throw new Error('There is no task.');
  return task;
}

const withAdded = (task: Task, name: string): Task => ({
  ...task,
  history: [...task.history, messageOf(`m-${name}`)],
  artifacts: [...task.artifacts, artifactOf(`a-${name}`, 'x')],
  metadata: { ...task.metadata, [`k-${name}`]: name },
});

/** Returns the parts of {@link withAdded} that a task has. */
function added(task: Task | undefined): string[][] {
  return [
    task?.history.map(({ messageId }) => messageId.replace('m-', '')) ?? [],
    task?.artifacts.map(({ artifactId }) => artifactId.replace('a-', '')) ?? [],
    Object.keys(task?.metadata ?? {}).map((key) => key.replace('k-', '')),
  ].map((names) => names.filter((name) => name !== 'm1').sort());
}

/** Several requests, on several instances, at work on one task. */
export function races({ capabilities, open }: TaskStoreTests): void {
  describe('two requests that have loaded the same task', () => {
    const both = async (): Promise<Task | undefined> => {
      const [one, other] = [open(), open()];
      await one.save(taskOf('task-1'), callContext());
      const [early, late] = [callContext(), callContext()];
      const [a, b] = [await loaded(one, early), await loaded(other, late)];
      await one.save(withAdded(a, 'first'), early);
      await other.save(withAdded(b, 'second'), late);
      return open().load('task-1', callContext());
    };

    if (capabilities.save === 'adds') {
      test('[I1] lose no change of either one', async () => {
        const names = ['first', 'second'];
        expect(added(await both())).toEqual([names, names, names]);
      });

      test('[I1] lose no change however they overlap, many times over', async () => {
        await open().save(taskOf('task-1'), callContext());
        await Promise.all(
          [0, 1, 2].map(async (writer) => {
            const store = open();
            const context = callContext();
            for (let round = 0; round < 4; round += 1) {
              const task = await loaded(store, context);
              await store.save(withAdded(task, `${writer}-${round}`), context);
            }
          }),
        );
        const names = [0, 1, 2].flatMap((n) => [0, 1, 2, 3].map((round) => `${n}-${round}`));
        expect(added(await open().load('task-1', callContext()))).toEqual([names, names, names]);
      });
    } else {
      test('overwrite each other: only the last save stays', async () => {
        const names = ['second'];
        expect(added(await both())).toEqual([names, names, names]);
      });
    }

    /** One sets a status of this second, then the other one of that. */
    const statuses = async (first: number, then: number): Promise<Task | undefined> => {
      await open().save(taskOf('task-1'), callContext());
      const requests = [];
      for (const at of [first, then]) {
        const [store, context] = [open(), callContext()];
        requests.push({ at, store, context, task: await loaded(store, context) });
      }
      for (const { at, store, context, task } of requests) {
        const state = at === then ? WORKING : INPUT_REQUIRED;
        await store.save(withAdded(withState(task, state, second(at)), `${at}`), context);
      }
      return open().load('task-1', callContext());
    };

    if (capabilities.save === 'adds') {
      test.each([
        ['last', 10, 20, WORKING, 20],
        ['first', 20, 10, INPUT_REQUIRED, 20],
      ])('[I1] leave the newer of two statuses, saved %s', async (_, one, other, state, at) => {
        const task = await statuses(one, other);
        expect(task?.status).toEqual({ state, message: undefined, timestamp: second(at) });
        expect(added(task)).toEqual([
          ['10', '20'],
          ['10', '20'],
          ['10', '20'],
        ]);
      });
    } else {
      test('leave the status that was saved last, the newer or not', async () => {
        expect((await statuses(20, 10))?.status?.timestamp).toBe(second(10));
      });
    }

    const late = async (): Promise<Task | undefined> => {
      const [slow, fast] = [open(), open()];
      await fast.save(taskOf('task-1'), callContext());
      const context = callContext();
      const seen = await loaded(slow, context);
      const other = callContext();
      await fast.save(withState(await loaded(fast, other), COMPLETED), other);
      await slow.save(withAdded(withState(seen, WORKING), 'late'), context);
      return open().load('task-1', callContext());
    };

    if (capabilities.end === 'final') {
      test('[I4] neither reopen nor change it once it has ended', async () => {
        expect(await late()).toEqual(withState(taskOf('task-1'), COMPLETED));
        // Nor does a request that has loaded nothing, with another end.
        await open().save(withAdded(withState(taskOf('task-1'), FAILED), 'new'), callContext());
        expect(await open().load('task-1', callContext())).toEqual(
          withState(taskOf('task-1'), COMPLETED),
        );
        const request = listRequest({ status: COMPLETED });
        expect((await open().list(request, callContext())).totalSize).toBe(1);
      });
    } else {
      test('may open it again after it has ended', async () => {
        expect(await late()).toEqual(withAdded(withState(taskOf('task-1'), WORKING), 'late'));
      });
    }

    test('[I4] that both end it end it once, for everybody the same', async () => {
      await open().save(taskOf('task-1'), callContext());
      await Promise.all(
        [COMPLETED, FAILED].map(async (state) => {
          const store = open();
          const context = callContext();
          await store.save(withState(await loaded(store, context), state), context);
        }),
      );
      const states = await Promise.all(
        [open(), open()].map(async (one) => (await one.load('task-1', callContext()))?.status),
      );
      expect([COMPLETED, FAILED]).toContain(states[0]?.state);
      expect(states[1]).toEqual(states[0]);
      for (const status of [COMPLETED, FAILED]) {
        const page = await open().list(listRequest({ status }), callContext());
        expect(page.totalSize).toBe(status === states[0]?.state ? 1 : 0);
      }
    });
  });
}
