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
import type { TaskStoreTests, TaskStoreUnderTest } from './task-store/task-store-under-test.ts';

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
