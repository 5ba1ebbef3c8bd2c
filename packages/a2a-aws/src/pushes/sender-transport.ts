import type { TaskKey } from '@a2a-aws/core';
import {
  deepCopy,
  type FailedPush,
  type PushedEvent,
  type PushOutcome,
  type PushReceiver,
  type PushRetry,
  type PushTransport,
} from '@a2a-aws/core/internal';
import type { StreamResponse, Task } from '@a2a-js/sdk';
import type { PushNotificationSender } from '@a2a-js/sdk/server';
import { guardedSender, UserCodeError } from '../user-code/guarded.ts';
import { ownersContext } from '../user-code/owners-context.ts';
import type { UserErrors } from '../user-code/user-errors.ts';
import { lazyTask } from './lazy-task.ts';
import { decideRetry } from './push-retry.ts';
import { streamResponse } from './stream-response.ts';

/** The id of the configuration that stands for the sender. */
const SENDER = '';

export interface SenderTransportDeps {
  readonly sender: PushNotificationSender;
  readonly errors: UserErrors;
  readonly retryForMs: number;
}

/**
 * Gives the events of all tasks to a sender of the application, which may notify receivers that no
 * configuration names. An event whose `send` rejects is given again.
 */
export class SenderTransport implements PushTransport {
  readonly #deps: SenderTransportDeps;
  readonly #sender: PushNotificationSender;

  constructor(deps: SenderTransportDeps) {
    this.#deps = deps;
    this.#sender = guardedSender(deps.sender);
  }

  async receivers(
    _key: TaskKey,
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, PushReceiver>> {
    const receiver: PushReceiver = { send: (pushed) => this.#send(pushed) };
    return new Map(ids.includes(SENDER) ? [[SENDER, receiver]] : []);
  }

  retry(failed: FailedPush): PushRetry {
    return decideRetry(failed, this.#deps.retryForMs);
  }

  mustLeave(): boolean {
    return false;
  }

  async #send({ key, event, task }: PushedEvent): Promise<PushOutcome> {
    const response: StreamResponse = deepCopy(streamResponse(event));
    try {
      await this.#sender.send(
        response,
        ownersContext(key),
        lazyTask(() => task() as Task),
      );
      return { kind: 'delivered' };
    } catch (error) {
      const thrown = error instanceof UserCodeError ? error.thrown : error;
      const about = { source: 'pushSender', taskId: key.taskId, scope: key } as const;
      this.#deps.errors.report('push.sender-failed', thrown, about);
      return { kind: 'retry', reason: 'sender-failed' };
    }
  }
}
