import type { ServerCallContext, TaskStore } from '@a2a-js/sdk/server';
import { afterEach, beforeEach, describe } from 'vitest';
import { DEFAULT_CAPABILITIES, type TaskStoreCapabilities } from './task-store/capabilities.ts';
import { contents } from './task-store/contents.ts';
import { deletions } from './task-store/deletions.ts';
import { handlers } from './task-store/handlers.ts';
import { lists } from './task-store/lists.ts';
import { pages } from './task-store/pages.ts';
import { races } from './task-store/races.ts';
import { saves } from './task-store/saves.ts';
import { scopes } from './task-store/scopes.ts';

/** A task store, with what the log's adds to the SDK's contract. */
export interface DeletingTaskStore extends TaskStore {
  /** Deletes the task forever, if there is one. */
  delete?(taskId: string, context: ServerCallContext): Promise<void>;
}

/** Data without any task, and how to get rid of them. */
export interface TaskStoreUnderTest {
  /** The store as one more instance opens it on the same data. */
  open(): DeletingTaskStore;
  dispose(): Promise<void>;
}

/** The arguments of the parts of the suite. */
export interface TaskStoreTests {
  readonly capabilities: Required<TaskStoreCapabilities>;
  /** As {@link TaskStoreUnderTest.open}; to be called by a running test, which has fresh data. */
  open(): DeletingTaskStore;
}

/**
 * The contract of the SDK's `TaskStore` as tests of whatever `factory` makes. `capabilities` says
 * where the store differs from the log's.
 */
export function taskStoreSuite(
  name: string,
  capabilities: TaskStoreCapabilities,
  factory: () => Promise<TaskStoreUnderTest>,
): void {
  describe(`${name} as a TaskStore`, () => {
    let subject: TaskStoreUnderTest;

    beforeEach(async () => {
      subject = await factory();
    });

    afterEach(() => subject.dispose());

    const tests: TaskStoreTests = {
      capabilities: { ...DEFAULT_CAPABILITIES, ...capabilities },
      open: () => subject.open(),
    };
    for (const part of [saves, races, lists, pages, scopes, contents, deletions, handlers]) {
      part(tests);
    }
  });
}
