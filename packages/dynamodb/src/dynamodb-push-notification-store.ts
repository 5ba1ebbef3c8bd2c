import { BackendError, type Clock, type Entropy, type TaskKey } from '@a2a-aws/core';
import {
  assertOptionNames,
  assertTaskKey,
  escapeKeyPart,
  exactJson,
  expiresAt,
  isShallow,
  KeyedSerialQueue,
  MIN_RETENTION_MS,
} from '@a2a-aws/core/internal';
import { A2A_PROTOCOL_VERSION, TaskPushNotificationConfig } from '@a2a-js/sdk';
import type {
  OwnerResolver,
  PushNotificationStore,
  ServerCallContext,
  StoredPushNotificationConfig,
} from '@a2a-js/sdk/server';
import * as z from 'zod';
import { STORE_OPTIONS, type StoreOptions, storeSettings } from './store-options.ts';
import { CONFIGS, Keys, prefixRange } from './table/keys.ts';
import { ITEM_VERSION, readItem } from './table/stored-item.ts';
import { Table } from './table/table.ts';

/** The longest id of a config, escaped, in bytes: a sort key holds 1,024. */
const MAX_CONFIG_ID_BYTES = 512;

export interface DynamoDBPushNotificationStoreOptions extends StoreOptions {}

const configItem = z.object({
  at: z.number(),
  wire: z.string(),
  config: z.string().transform((text, context): TaskPushNotificationConfig => {
    try {
      const json: unknown = JSON.parse(text);
      if (isShallow(json)) return TaskPushNotificationConfig.fromJSON(json);
    } catch {}
    context.addIssue('not a push config');
    return z.NEVER;
  }),
});

/** The SDK's `PushNotificationStore` beside the task's log, so that every instance pushes. */
export class DynamoDBPushNotificationStore implements PushNotificationStore {
  readonly #table: Table;
  readonly #keys: Keys;
  readonly #ownerResolver: OwnerResolver;
  readonly #retentionMs: number;
  readonly #clock: Clock;
  readonly #entropy: Entropy;
  /** The loads of each partition. */
  readonly #loads = new KeyedSerialQueue();

  /** @throws {BackendError} `configuration` for an option that does not exist. */
  constructor(options: DynamoDBPushNotificationStoreOptions) {
    assertOptionNames('DynamoDBPushNotificationStore', options, STORE_OPTIONS);
    const settings = storeSettings(options);
    this.#table = new Table(settings.client, settings.tableName);
    this.#keys = new Keys(settings.prefix);
    this.#ownerResolver = settings.ownerResolver;
    this.#retentionMs = settings.retentionMs;
    this.#clock = settings.clock;
    this.#entropy = settings.entropy;
  }

  /** Saves a config under its id; one without an id gets one, in place. */
  async save(
    taskId: string,
    context: ServerCallContext,
    config: TaskPushNotificationConfig,
  ): Promise<void> {
    const key = this.#key(taskId, context);
    if (!config.id) config.id = this.#entropy.id();
    if (!isStorable(config.id)) {
      throw new BackendError('invalid-key', 'The id of a push config is too long or malformed.');
    }
    const { toJSON, fromJSON } = TaskPushNotificationConfig;
    const { text } = exactJson(config, toJSON, fromJSON);
    const now = this.#clock.now();
    await this.#table.put({
      ...this.#keys.config(key, config.id),
      v: ITEM_VERSION,
      at: now,
      // A config may be there before its task's first record: it must not go before that.
      expires: expiresAt(now + MIN_RETENTION_MS, this.#retentionMs),
      wire: context.requestedVersion || A2A_PROTOCOL_VERSION,
      config: text,
    });
  }

  /** The configs of a task, the one saved last at the end. Loads of a task end in the order of their calls. */
  async load(taskId: string, context: ServerCallContext): Promise<TaskPushNotificationConfig[]> {
    return (await this.loadWithMetadata(taskId, context)).map((stored) => stored.config);
  }

  /** As {@link load}; with the protocol version that each was saved under. */
  async loadWithMetadata(
    taskId: string,
    context: ServerCallContext,
  ): Promise<StoredPushNotificationConfig[]> {
    const partition = this.#keys.task(this.#key(taskId, context));
    const found = this.#read(partition);
    // The caller gets the error when the load's turn comes.
    found.catch(() => {});
    // The SDK's sender pushes a task's events in the order in which their loads end.
    return this.#loads.run(partition, () => found);
  }

  /** Removes a config; without an id the one that is named like the task, as the SDK does. */
  async delete(
    taskId: string,
    context: ServerCallContext,
    configId: string = taskId,
  ): Promise<void> {
    const key = this.#key(taskId, context);
    if (isStorable(configId)) await this.#table.remove(this.#keys.config(key, configId));
  }

  async #read(partition: string): Promise<StoredPushNotificationConfig[]> {
    const found: z.output<typeof configItem>[] = [];
    for await (const item of this.#table.range({ partition, ...prefixRange(CONFIGS) })) {
      found.push(readItem(configItem, item));
    }
    return found
      .sort((a, b) => a.at - b.at)
      .map(({ wire, config }) => ({ wireVersion: wire, config }));
  }

  #key(taskId: string, context: ServerCallContext): TaskKey {
    const key = { tenant: context.tenant ?? '', owner: this.#ownerResolver(context), taskId };
    assertTaskKey(key);
    return key;
  }
}

function isStorable(id: string): boolean {
  return id.isWellFormed() && Buffer.byteLength(escapeKeyPart(id)) <= MAX_CONFIG_ID_BYTES;
}
