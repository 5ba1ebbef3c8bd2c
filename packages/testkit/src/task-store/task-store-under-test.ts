import type { ServerCallContext, TaskStore } from '@a2a-js/sdk/server';
import type { TaskStoreCapabilities } from './capabilities.ts';

/** The SDK's task store with the method that the log's store adds. */
export interface DeletingTaskStore extends TaskStore {
  /** Deletes the task forever. A task that is not stored is no error. */
  delete?(taskId: string, context: ServerCallContext): Promise<void>;
}

/** A data set without tasks, and the means to remove it. */
export interface TaskStoreUnderTest {
  /** The store as one more instance opens it on the same data. */
  open(): DeletingTaskStore;
  dispose(): Promise<void>;
}

/** The input of each part of the suite. */
export interface TaskStoreTests {
  readonly capabilities: Required<TaskStoreCapabilities>;
  /** As {@link TaskStoreUnderTest.open}. Only a running test may call it: each has fresh data. */
  open(): DeletingTaskStore;
}
