import type { AgentCard, Task } from '@a2a-js/sdk';
import {
  type AgentExecutor,
  DefaultRequestHandler,
  type PushNotificationSender,
  type PushNotificationStore,
  type RequestContext,
  type ServerCallContext,
} from '@a2a-js/sdk/server';
import { sentPushStore } from '../pushes/logged-push-store.ts';
import type { RunScope } from '../runs/run-scope.ts';
import { RunTaskStore } from '../runs/run-task-store.ts';
import { guardedIfFunction } from '../user-code/guarded.ts';
import type { RequestHandlerOptions } from './handler-options.ts';

/** Events of a run never reach the SDK's handler, so it has none to push. */
const PUSHES_NOTHING: PushNotificationSender = { send: async () => {} };

export interface SdkHandlerParts {
  readonly card: AgentCard;
  readonly options: RequestHandlerOptions;
  /** Notes changes in the log. */
  readonly store: PushNotificationStore;
  /** The same store, which notes nothing. */
  readonly stored: PushNotificationStore;
  readonly load: (taskId: string, context: ServerCallContext) => Promise<Task | undefined>;
}

/** Returns the SDK's handler for the methods that start no run. */
export function sdkHandler(parts: SdkHandlerParts): DefaultRequestHandler {
  return handlerWith(parts, new RunTaskStore(parts.load), parts.store, {
    execute: async () => {},
    cancelTask: async () => {},
  });
}

/**
 * Has the SDK's handler validate a message and store its push configuration. Resolves with the context
 * that it passes to an executor. Rejects with the SDK's error if it accepts no such message.
 */
export async function sdkRequestContext(
  parts: SdkHandlerParts,
  scope: RunScope,
  context: ServerCallContext,
): Promise<RequestContext> {
  let passed: RequestContext | undefined;
  const executor: AgentExecutor = {
    execute: async (request, bus) => {
      passed = request;
      bus.finished();
    },
    cancelTask: async () => {},
  };
  const store = sentPushStore(parts.stored, scope);
  const handler = handlerWith(parts, new RunTaskStore(parts.load, scope), store, executor);
  try {
    await handler.sendMessage(scope.request, context);
  } catch (error) {
    // An execution without events is an error, too.
    if (!passed) throw error;
  }
  if (!passed) throw new Error('The SDK called no executor.');
  return passed;
}

function handlerWith(
  { card, options }: SdkHandlerParts,
  tasks: RunTaskStore,
  store: PushNotificationStore,
  executor: AgentExecutor,
): DefaultRequestHandler {
  return new DefaultRequestHandler(
    card,
    tasks,
    executor,
    undefined,
    store,
    PUSHES_NOTHING,
    guardedIfFunction('agentCard', options.extendedAgentCardProvider),
    guardedIfFunction('agentCard', options.agentCardSignatureGenerator),
    { validateInputModes: options.validateInputModes ?? false },
  );
}
