import { BackendError, type Clock } from '@a2a-aws/core';
import type { StreamResponse, Task, TaskPushNotificationConfig } from '@a2a-js/sdk';
import {
  type PushNotificationSender,
  type PushNotificationStore,
  type ServerCallContext,
  V1PushNotificationSerializer,
} from '@a2a-js/sdk/server';

/** How long a receiver may take to answer, in milliseconds, as for the SDK's sender. */
const TIMEOUT_MS = 5_000;
const TOKEN_HEADER = 'X-A2A-Notification-Token';

/**
 * Posts the events of a task to the URLs that clients gave, like the SDK's
 * `DefaultPushNotificationSender`. Unlike that one, it can be stopped: `signal` belongs to the life
 * in which it sends. It reads only the status of an answer. It prints nothing, because a URL is a
 * client's text.
 */
export class WebhookSender implements PushNotificationSender {
  readonly #store: Pick<PushNotificationStore, 'load'>;
  readonly #signal: () => AbortSignal;
  readonly #clock: Clock;
  readonly #serializer = new V1PushNotificationSerializer();

  constructor(store: Pick<PushNotificationStore, 'load'>, signal: () => AbortSignal, clock: Clock) {
    this.#store = store;
    this.#signal = signal;
    this.#clock = clock;
  }

  /** Resolves when each receiver has answered; rejects with `unreachable`, after all were tried, if one failed. */
  async send(event: StreamResponse, context: ServerCallContext, task?: Task): Promise<void> {
    const signal = this.#signal();
    const taskId = taskIdOf(event);
    if (taskId === '') return;
    const configs = await this.#store.load(taskId, context);
    const { body, contentType } = this.#serializer.serialize(event, task);
    const posts = configs.map((config) => this.#post(config, body, contentType, signal));
    const failed = (await Promise.allSettled(posts)).find((post) => post.status === 'rejected');
    if (!failed) return;
    const { reason: cause } = failed;
    throw new BackendError('unreachable', 'A receiver did not take what was pushed.', { cause });
  }

  async #post(
    config: TaskPushNotificationConfig,
    body: string,
    contentType: string,
    stopped: AbortSignal,
  ): Promise<void> {
    const call = new AbortController();
    const abort = (): void => call.abort();
    const cancelTimer = this.#clock.after(TIMEOUT_MS, abort);
    stopped.addEventListener('abort', abort, { once: true });
    if (stopped.aborted) abort();
    try {
      const headers = { 'Content-Type': contentType, ...authHeaders(config) };
      const { signal } = call;
      const response = await fetch(config.url, { method: 'POST', headers, body, signal });
      // An answer that is not read would keep its connection.
      await response.body?.cancel();
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
    } finally {
      cancelTimer();
      stopped.removeEventListener('abort', abort);
    }
  }
}

function authHeaders({
  authentication,
  token,
}: TaskPushNotificationConfig): Record<string, string> {
  if (authentication?.scheme && authentication.credentials) {
    return { Authorization: `${authentication.scheme} ${authentication.credentials}` };
  }
  return token ? { [TOKEN_HEADER]: token } : {};
}

function taskIdOf({ payload }: StreamResponse): string {
  if (!payload) return '';
  return payload.$case === 'task' ? payload.value.id : payload.value.taskId;
}
