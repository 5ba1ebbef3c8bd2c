import type { PushEntry, PushTerms, Scope, TaskKey } from '@a2a-aws/core';
import { derivedUuid, type Instance, overriding } from '@a2a-aws/core/internal';
import { A2A_PROTOCOL_VERSION, type TaskPushNotificationConfig } from '@a2a-js/sdk';
import type { PushNotificationStore, ServerCallContext } from '@a2a-js/sdk/server';
import { LATEST_ONLY_PUSHES } from './latest-only.ts';

export interface LoggedPushStoreDeps {
  readonly store: PushNotificationStore;
  /** Throws for a configuration that the store would refuse. */
  readonly check: (config: TaskPushNotificationConfig) => void;
  readonly instance: () => Instance;
  readonly scopeOf: (context: ServerCallContext) => Scope;
  readonly newId: () => string;
}

/**
 * Returns the store with changes that are also noted in the task's log, so that the events after them
 * are delivered.
 */
export function loggedPushStore(deps: LoggedPushStoreDeps): PushNotificationStore {
  const { store, check, instance, scopeOf, newId } = deps;
  const keyOf = (taskId: string, context: ServerCallContext): TaskKey => ({
    ...scopeOf(context),
    taskId,
  });
  return overriding(store, {
    async save(taskId: string, context: ServerCallContext, config: TaskPushNotificationConfig) {
      check(config);
      if (!config.id) config.id = newId();
      const { pushes } = instance();
      const save = (): Promise<void> => store.save(taskId, context, config);
      if (!pushes) return save();
      await pushes.setConfig(keyOf(taskId, context), config.id, termsOf(context), save);
    },
    async delete(taskId: string, context: ServerCallContext, configId: string = taskId) {
      await store.delete(taskId, context, configId);
      await instance().pushes?.removeConfig(keyOf(taskId, context), configId);
    },
  });
}

/** One send, as far as its push configuration is concerned. */
export interface PushingSend {
  readonly digest: string;
  /** The configuration that the message sets, once it is stored. */
  push: PushEntry | undefined;
}

/** Returns the store for one send. The start of the run notes the configuration in the log. */
export function sentPushStore(
  store: PushNotificationStore,
  send: PushingSend,
): PushNotificationStore {
  return overriding(store, {
    async save(taskId: string, context: ServerCallContext, config: TaskPushNotificationConfig) {
      // The message that is sent again sets the same configuration.
      if (!config.id) config.id = derivedUuid(`push ${taskId} ${send.digest}`);
      await store.save(taskId, context, config);
      send.push = { kind: 'push', config: config.id, terms: termsOf(context) };
    },
  });
}

function termsOf({ requestedVersion, requestedExtensions = [] }: ServerCallContext): PushTerms {
  return {
    version: requestedVersion || A2A_PROTOCOL_VERSION,
    latestOnly: requestedExtensions.includes(LATEST_ONLY_PUSHES),
  };
}
