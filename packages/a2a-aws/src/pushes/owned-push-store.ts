import type { Scope } from '@a2a-aws/core';
import { overriding } from '@a2a-aws/core/internal';
import type { PushNotificationStore, ServerCallContext } from '@a2a-js/sdk/server';
import { ownersContext } from '../user-code/owners-context.ts';

/**
 * Returns the store, called with contexts whose user is the owner of the task. Deliveries have no request
 * of a client, so a store that looks at more of a context would not find its configurations again.
 */
export function ownedPushStore(
  store: PushNotificationStore,
  scopeOf: (context: ServerCallContext) => Scope,
): PushNotificationStore {
  const owned = (context: ServerCallContext): ServerCallContext =>
    ownersContext(scopeOf(context), [], context.requestedVersion);
  const { loadWithMetadata } = store;
  return overriding(store, {
    save: (taskId, context, config) => store.save(taskId, owned(context), config),
    load: (taskId, context) => store.load(taskId, owned(context)),
    delete: (taskId, context, configId) => store.delete(taskId, owned(context), configId),
    ...(loadWithMetadata && {
      loadWithMetadata: (taskId, context) => loadWithMetadata.call(store, taskId, owned(context)),
    }),
  });
}
