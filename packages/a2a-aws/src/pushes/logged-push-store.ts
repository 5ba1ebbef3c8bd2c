import type { PushEntry, PushTerms, Scope, TaskKey } from '@a2a-aws/core';
import { type Instance, overriding } from '@a2a-aws/core/internal';
import { A2A_PROTOCOL_VERSION, type TaskPushNotificationConfig } from '@a2a-js/sdk';
import type { PushNotificationStore, ServerCallContext } from '@a2a-js/sdk/server';
import { ANY_RECEIVER } from './any-receiver.ts';
import { LATEST_ONLY_PUSHES } from './latest-only.ts';

export interface LoggedPushStoreDeps {
  readonly store: PushNotificationStore;
  /** Rejects for a configuration that the store would refuse. */
  readonly check: (
    taskId: string,
    context: ServerCallContext,
    config: TaskPushNotificationConfig,
  ) => Promise<void>;
  readonly instance: () => Instance;
  readonly scopeOf: (context: ServerCallContext) => Scope;
  readonly newId: () => string;
  /** The sender of the application delivers. The log then names the sender in place of configurations. */
  readonly hasSender: boolean;
}

/**
 * Returns the store with changes that are also noted in the task's log, so that the events after them
 * are delivered.
 */
export function loggedPushStore(deps: LoggedPushStoreDeps): PushNotificationStore {
  const { store, check, instance, scopeOf, newId, hasSender } = deps;
  const keyOf = (taskId: string, context: ServerCallContext): TaskKey => ({
    ...scopeOf(context),
    taskId,
  });
  return overriding(store, {
    async save(taskId: string, context: ServerCallContext, config: TaskPushNotificationConfig) {
      await check(taskId, context, config);
      if (!config.id) config.id = newId();
      instance().assertReady();
      const { pushes } = instance();
      const save = (): Promise<void> => store.save(taskId, context, config);
      if (!pushes) return save();
      const key = keyOf(taskId, context);
      if (!hasSender) return pushes.setConfig(key, config.id, termsOf(context), save);
      await save();
      await pushes.setConfig(key, ANY_RECEIVER.config, ANY_RECEIVER.terms, async () => {});
    },
    async delete(taskId: string, context: ServerCallContext, configId: string = taskId) {
      instance().assertReady();
      await store.delete(taskId, context, configId);
      // A sender gets the events also without a configuration.
      if (hasSender) return;
      await instance().pushes?.removeConfig(keyOf(taskId, context), configId);
    },
  });
}

/** One send, as far as its push configuration is concerned. */
export interface PushingSend {
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
      // Each message of a conversation may set it: as in A2A 0.3, one replaces the other.
      if (!config.id) config.id = taskId;
      await store.save(taskId, context, config);
      send.push = { kind: 'push', config: config.id, terms: termsOf(context) };
    },
  });
}

function termsOf(context: ServerCallContext): PushTerms {
  const { requestedVersion, requestedExtensions = [] } = context;
  const latestOnly = requestedExtensions.includes(LATEST_ONLY_PUSHES);
  if (latestOnly) context.addActivatedExtension(LATEST_ONLY_PUSHES);
  return {
    // The text of a client: it must not get into the log.
    version: isLegacy(requestedVersion) ? '0.3' : A2A_PROTOCOL_VERSION,
    latestOnly,
  };
}

function isLegacy(version: string | undefined): boolean {
  return /^0\.3(?:\.|$)/.test(version ?? '');
}
