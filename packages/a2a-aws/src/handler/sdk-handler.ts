import type { AgentCard, Task } from '@a2a-js/sdk';
import {
  type AgentExecutor,
  DefaultRequestHandler,
  type PushNotificationSender,
  type PushNotificationStore,
  type ServerCallContext,
} from '@a2a-js/sdk/server';
import { sentPushStore } from '../pushes/logged-push-store.ts';
import { RunBusManager, type RunDriver } from '../runs/run-driver.ts';
import type { RunScope } from '../runs/run-scope.ts';
import { RunTaskStore } from '../runs/run-task-store.ts';
import { guardedIfFunction } from '../user-code/guarded.ts';
import type { RequestHandlerOptions } from './handler-options.ts';

/** The SDK's handler copies the whole task for each event that it pushes, so it pushes none. */
const PUSHES_NOTHING: PushNotificationSender = { send: async () => {} };

export interface SdkHandlerParts {
  readonly card: AgentCard;
  readonly executor: AgentExecutor;
  readonly options: RequestHandlerOptions;
  /** Notes changes in the log. */
  readonly store: PushNotificationStore;
  /** The same store, which notes nothing. */
  readonly stored: PushNotificationStore;
  readonly driver: Pick<RunDriver, 'executor'>;
  readonly load: (taskId: string, context: ServerCallContext) => Promise<Task | undefined>;
}

/**
 * Returns the SDK's handler for one send, which drives that send's run. Without `scope`, it serves the
 * other methods and runs nothing.
 */
export function sdkHandler(
  { card, executor, options, store, stored, driver, load }: SdkHandlerParts,
  scope?: RunScope,
): DefaultRequestHandler {
  return new DefaultRequestHandler(
    card,
    new RunTaskStore(load, scope),
    scope ? driver.executor(scope) : executor,
    new RunBusManager(),
    scope ? sentPushStore(stored, scope) : store,
    PUSHES_NOTHING,
    guardedIfFunction('agentCard', options.extendedAgentCardProvider),
    guardedIfFunction('agentCard', options.agentCardSignatureGenerator),
    { validateInputModes: options.validateInputModes ?? false },
  );
}
