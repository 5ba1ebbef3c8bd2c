import type { TaskKey } from '@a2a-aws/core';
import type {
  FailedPush,
  PushedEvent,
  PushOutcome,
  PushReceiver,
  PushRetry,
  PushTransport,
} from '@a2a-aws/core/internal';
import type { Task, TaskPushNotificationConfig } from '@a2a-js/sdk';
import type { PushNotificationStore } from '@a2a-js/sdk/server';
import { ownersContext } from '../user-code/owners-context.ts';
import { SENDER } from './any-receiver.ts';
import { lazyTask } from './lazy-task.ts';
import { decideRetry } from './push-retry.ts';
import { streamResponse } from './stream-response.ts';
import type { Webhooks } from './webhooks.ts';

export interface WebhookTransportDeps {
  readonly store: Pick<PushNotificationStore, 'load'>;
  readonly webhooks: Pick<Webhooks, 'post'>;
  readonly retryForMs: number;
  /**
   * The configurations that another process delivers to.
   *
   * - `senders`: the one that stands for a sender of the application
   * - `unknown`: this one, and those that are not in the store, because the fleet may use another store
   */
  readonly leaves?: 'senders' | 'unknown' | undefined;
}

/** Posts the events of tasks to the URLs of their configurations. */
export class WebhookTransport implements PushTransport {
  readonly #deps: WebhookTransportDeps;

  constructor(deps: WebhookTransportDeps) {
    this.#deps = deps;
  }

  async receivers(
    key: TaskKey,
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, PushReceiver>> {
    // A sender of the application takes the place of the webhooks.
    if (this.#deps.leaves && ids.includes(SENDER)) return new Map();
    const configs = await this.#deps.store.load(key.taskId, ownersContext(key));
    const wanted = new Set(ids);
    return new Map(
      configs.filter(({ id }) => wanted.has(id)).map((config) => [config.id, this.#to(config)]),
    );
  }

  async canDeliver(key: TaskKey, ids: readonly string[]): Promise<boolean> {
    if (this.#deps.leaves !== 'unknown') return true;
    return ids.length === 0 || (await this.receivers(key, ids)).size > 0;
  }

  retry(failed: FailedPush): PushRetry {
    return decideRetry(failed, this.#deps.retryForMs);
  }

  mustLeave(config: string, isFound: boolean): boolean {
    const { leaves } = this.#deps;
    return leaves === 'unknown' ? !isFound : leaves === 'senders' && config === SENDER;
  }

  #to(config: TaskPushNotificationConfig): PushReceiver {
    return { send: (pushed, signal) => this.#post(config, pushed, signal) };
  }

  async #post(
    config: TaskPushNotificationConfig,
    { event, id, terms, task }: PushedEvent,
    signal: AbortSignal,
  ): Promise<PushOutcome> {
    // The SDK's sender knows the task of a Message only by its field.
    if (event.kind === 'message' && event.data.taskId === '') return { kind: 'delivered' };
    const { version: protocolVersion } = terms;
    const call = {
      config,
      event: streamResponse(event),
      // Only the format of A2A 0.3 contains it.
      task: lazyTask(() => task() as Task),
      id,
      protocolVersion,
    };
    return this.#deps.webhooks.post(call, signal);
  }
}
