import type { Clock, Scope } from '@a2a-aws/core';
import { sleep } from '@a2a-aws/core/internal';
import { TaskNotFoundError } from '@a2a-js/sdk/errors';
import type { Violate } from './expected-task.ts';
import { plainScript } from './script.ts';
import { isRetryable } from './simulated-answers.ts';
import type { Reachable } from './simulated-client.ts';
import { contextOf, requestOf } from './simulated-requests.ts';

export interface StrangerDeps {
  readonly clock: Clock;
  readonly violate: Violate;
  readonly pick: () => Reachable | undefined;
}

const TRY_AGAIN_MS = 500;

/** Asks in every way for a task of another owner. Each answer must be that it does not exist (I9). */
export async function askAsStranger(
  stranger: Scope,
  id: string,
  deps: StrangerDeps,
): Promise<void> {
  const { tenant, owner } = stranger;
  const context = contextOf(stranger);
  const request = requestOf({
    messageId: `message of ${owner} of ${tenant}`,
    contextId: '',
    taskId: id,
    script: plainScript('COMPLETED'),
    mode: 'blocking',
  });
  const asks: Record<string, (server: Reachable) => Promise<unknown>> = {
    'reads it': ({ handler, process }) =>
      process.request(() => handler.getTask({ tenant, id }, context)),
    'subscribes to it': ({ handler, process }) =>
      process.stream(() => handler.resubscribe({ tenant, id }, context)).next(),
    'cancels it': ({ handler, process }) =>
      process.request(() => handler.cancelTask({ tenant, id, metadata: undefined }, context)),
    'sends to it': ({ handler, process }) =>
      process.request(() => handler.sendMessage(request, context)),
    'streams to it': ({ handler, process }) =>
      process.stream(() => handler.sendMessageStream(request, context)).next(),
  };
  for (const [what, ask] of Object.entries(asks)) {
    const refused = await refusal(ask, deps);
    if (!(refused instanceof TaskNotFoundError)) {
      deps.violate('I9', `${owner} of '${tenant}' ${what}, and is told ${refused}`);
    }
  }
}

/** Returns the error with which a server refuses the request; undefined if it does not. */
async function refusal(
  ask: (server: Reachable) => Promise<unknown>,
  { clock, pick }: StrangerDeps,
): Promise<unknown> {
  for (;;) {
    const server = pick();
    try {
      if (server) {
        await ask(server);
        return undefined;
      }
    } catch (error) {
      if (!isRetryable(error)) return error;
    }
    await sleep(clock, TRY_AGAIN_MS);
  }
}
