import type { Task } from '@a2a-js/sdk';

/** A Task that `read` makes when something of it is first looked at: most who get it never do. */
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
