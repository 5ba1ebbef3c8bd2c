import type { Scope } from '@a2a-aws/core';
import { KeyedSerialQueue, overriding, taskKeyText } from '@a2a-aws/core/internal';
import type { TaskPushNotificationConfig } from '@a2a-js/sdk';
import { RequestMalformedError } from '@a2a-js/sdk/errors';
import type { PushNotificationStore, ServerCallContext } from '@a2a-js/sdk/server';
import { configFault, textFault } from './config-rules.ts';
import type { PushSettings } from './push-settings.ts';

export interface CheckedStoreDeps {
  readonly settings: PushSettings;
  /** A sender of the application decides itself about URLs. */
  readonly hasCustomSender: boolean;
  readonly scopeOf: (context: ServerCallContext) => Scope;
}

/**
 * The same store, which refuses configurations that could not be served, and more than a task may have.
 * Both ways to create a configuration save it.
 */
export function checkedStore(
  store: PushNotificationStore,
  deps: CheckedStoreDeps,
): PushNotificationStore {
  const { settings, scopeOf } = deps;
  const saves = new KeyedSerialQueue();
  const save: PushNotificationStore['save'] = async (taskId, context, config) => {
    assertConfig(config, deps);
    const key = taskKeyText({ ...scopeOf(context), taskId });
    await saves.run(key, () =>
      saveWithinLimit(store, settings.maxConfigs, { taskId, context, config }),
    );
  };
  return overriding(store, { save });
}

/** Rejects for a configuration that could not be served, or for which the task has no room. */
export async function assertRoom(
  store: Pick<PushNotificationStore, 'load'>,
  deps: CheckedStoreDeps,
  { taskId, context, config }: Save,
): Promise<void> {
  assertConfig(config, deps);
  const { maxConfigs } = deps.settings;
  const stored = await store.load(taskId, context);
  const isNew = !stored.some(({ id }) => id === config.id);
  if (isNew && stored.length >= maxConfigs) throw tooMany(maxConfigs);
}

/** Throws for a configuration that could not be served. */
function assertConfig(
  config: TaskPushNotificationConfig,
  { settings, hasCustomSender }: Omit<CheckedStoreDeps, 'scopeOf'>,
): void {
  const fault = hasCustomSender ? textFault(config) : configFault(config, settings);
  if (fault) throw new RequestMalformedError(fault.rule);
}

interface Save {
  readonly taskId: string;
  readonly context: ServerCallContext;
  readonly config: TaskPushNotificationConfig;
}

/** Saves of a task on this instance come one after another; those on other instances at any time. */
async function saveWithinLimit(
  store: PushNotificationStore,
  max: number,
  { taskId, context, config }: Save,
): Promise<void> {
  const before = await store.load(taskId, context);
  const isNew = !config.id || !before.some(({ id }) => id === config.id);
  if (isNew && before.length >= max) throw tooMany(max);
  await store.save(taskId, context, config);
  if (!isNew) return;
  // Other instances may have saved at the same time. The last of them sees all configs.
  const after = await store.load(taskId, context);
  if (after.length <= max) return;
  await store.delete(taskId, context, config.id);
  throw tooMany(max);
}

function tooMany(max: number): RequestMalformedError {
  return new RequestMalformedError(`A task has at most ${max} push configs.`);
}
