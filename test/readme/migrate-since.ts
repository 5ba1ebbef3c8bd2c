import type { TaskStore } from '@a2a-js/sdk/server';
import type { ImportSource } from 'a2a-aws';

/** A source of those tasks whose status is later than this. */
export function since(store: TaskStore, statusTimestampAfter: string): ImportSource['from'] {
  return {
    list: (request, context) => store.list({ ...request, statusTimestampAfter }, context),
    load: (taskId, context) => store.load(taskId, context),
  };
}
