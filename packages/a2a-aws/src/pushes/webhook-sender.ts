import { BackendError, type Entropy } from '@a2a-aws/core';
import type { StreamResponse, Task } from '@a2a-js/sdk';
import type {
  PushNotificationSender,
  PushNotificationStore,
  ServerCallContext,
  StoredPushNotificationConfig,
} from '@a2a-js/sdk/server';
import type { Webhooks } from './webhooks.ts';

export interface WebhookSenderDeps {
  readonly store: Pick<PushNotificationStore, 'load' | 'loadWithMetadata'>;
  readonly webhooks: Pick<Webhooks, 'post'>;
  readonly entropy: Entropy;
  /** Returns the signal of the life in which it sends. */
  readonly signal: () => AbortSignal;
}

/** Sends the events of a task to its configurations, each once. */
export class WebhookSender implements PushNotificationSender {
  readonly #deps: WebhookSenderDeps;

  constructor(deps: WebhookSenderDeps) {
    this.#deps = deps;
  }

  /** Resolves when each receiver has answered; rejects with `unreachable`, after all were tried, if one failed. */
  async send(event: StreamResponse, context: ServerCallContext, task?: Task): Promise<void> {
    const { webhooks, entropy, signal } = this.#deps;
    const stopped = signal();
    const taskId = taskIdOf(event);
    if (taskId === '') return;
    const stored = await this.#load(taskId, context);
    const posts = stored.map(({ config, wireVersion: protocolVersion }) =>
      webhooks.post({ config, event, task, id: entropy.id(), protocolVersion }, stopped),
    );
    const outcomes = await Promise.all(posts);
    if (outcomes.every(({ kind }) => kind === 'delivered')) return;
    throw new BackendError('unreachable', 'A receiver did not take what was pushed.');
  }

  async #load(taskId: string, context: ServerCallContext): Promise<StoredPushNotificationConfig[]> {
    const { store } = this.#deps;
    if (store.loadWithMetadata) return store.loadWithMetadata(taskId, context);
    const configs = await store.load(taskId, context);
    return configs.map((config) => ({ config, wireVersion: context.requestedVersion ?? '' }));
  }
}

function taskIdOf({ payload }: StreamResponse): string {
  if (!payload) return '';
  return payload.$case === 'task' ? payload.value.id : payload.value.taskId;
}
