import type { Task } from '@a2a-js/sdk';

/**
 * Returns a Task that `read` makes when one of its fields is first read. Most receivers never read
 * one.
 */
export function lazyTask(read: () => Task): Task {
  let made: Task | undefined;
  const task = (): Task => {
    made ??= read();
    return made;
  };
  return {
    get id() {
      return task().id;
    },
    get contextId() {
      return task().contextId;
    },
    get status() {
      return task().status;
    },
    get artifacts() {
      return task().artifacts;
    },
    get history() {
      return task().history;
    },
    get metadata() {
      return task().metadata;
    },
  };
}
