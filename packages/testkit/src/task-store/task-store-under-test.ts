import type { ServerCallContext, TaskStore } from '@a2a-js/sdk/server';
import type { TaskStoreCapabilities } from './capabilities.ts';

/** A task store, with what the log's adds to the SDK's contract. */
export interface DeletingTaskStore extends TaskStore {
  /** Deletes the task for ever; nothing if there is none. */
  delete?(taskId: string, context: ServerCallContext): Promise<void>;
}

/** Data without any task, and how to get rid of them. */
export interface TaskStoreUnderTest {
  /** The store as one more instance opens it on the same data. */
  open(): DeletingTaskStore;
  dispose(): Promise<void>;
}

/** What the parts of the suite are made with. */
export interface TaskStoreTests {
  readonly capabilities: Required<TaskStoreCapabilities>;
  /** As {@link TaskStoreUnderTest.open}; to be called by a running test, which has fresh data. */
  open(): DeletingTaskStore;
}
