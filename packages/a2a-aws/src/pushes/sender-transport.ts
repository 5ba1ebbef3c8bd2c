import type { Clock, TaskKey } from '@a2a-aws/core';
import {
  deepCopy,
  type FailedPush,
  type PushedEvent,
  type PushOutcome,
  type PushReceiver,
  type PushRetry,
  type PushTransport,
  withTimeout,
} from '@a2a-aws/core/internal';
import type { StreamResponse, Task } from '@a2a-js/sdk';
import type { PushNotificationSender } from '@a2a-js/sdk/server';
import { guardedSender, UserCodeError } from '../user-code/guarded.ts';
import { ownersContext } from '../user-code/owners-context.ts';
import type { UserErrors } from '../user-code/user-error-reports.ts';
import { SENDER } from './any-receiver.ts';
import { lazyTask } from './lazy-task.ts';
import { decideRetry } from './push-retry.ts';
import { streamResponse } from './stream-response.ts';

/** How long an attempt may take, in milliseconds. */
const TIMEOUT_MS = 60_000;

export interface SenderTransportDeps {
  readonly sender: PushNotificationSender;
  readonly clock: Clock;
  readonly errors: UserErrors;
  readonly retryForMs: number;
}

/**
 * Gives the events of all tasks to a sender of the application, which may notify receivers that no
 * configuration names. An event is given again if its `send` rejects, or has not settled after a minute.
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
    const receiver: PushReceiver = { send: (pushed, signal) => this.#send(pushed, signal) };
    return new Map(ids.includes(SENDER) ? [[SENDER, receiver]] : []);
  }

  async canDeliver(): Promise<boolean> {
    return true;
  }

  retry(failed: FailedPush): PushRetry {
    return decideRetry(failed, this.#deps.retryForMs);
  }

  mustLeave(): boolean {
    return false;
  }

  async #send(
    { key, event, task, attempt }: PushedEvent,
    signal: AbortSignal,
  ): Promise<PushOutcome> {
    const response: StreamResponse = deepCopy(streamResponse(event));
    try {
      const sent = this.#sender.send(
        response,
        ownersContext(key),
        lazyTask(() => task() as Task),
      );
      const outcome = await withTimeout(this.#deps.clock, TIMEOUT_MS, untilSent(sent, signal));
      return outcome ?? { kind: 'retry', reason: 'timeout' };
    } catch (error) {
      const thrown = error instanceof UserCodeError ? error.thrown : error;
      const about = { source: 'pushSender', taskId: key.taskId, scope: key } as const;
      if (attempt === 1) this.#deps.errors.report('push.sender-failed', thrown, about);
      return { kind: 'retry', reason: 'sender-failed' };
    }
  }
}

/** Resolves once the event is sent, or the signal of a stop aborts. Rejects as `sent` does. */
function untilSent(sent: Promise<void>, signal: AbortSignal): Promise<PushOutcome> {
  return new Promise((resolve, reject) => {
    const stopped = (): void => resolve({ kind: 'retry', reason: 'stopped' });
    signal.addEventListener('abort', stopped, { once: true });
    if (signal.aborted) stopped();
    sent
      .then(() => resolve({ kind: 'delivered' }), reject)
      .finally(() => signal.removeEventListener('abort', stopped));
  });
}
