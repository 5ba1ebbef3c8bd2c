import { BackendError } from '@a2a-aws/core';
import type { OptionNames } from '@a2a-aws/core/internal';
import type { AgentCard } from '@a2a-js/sdk';
import type {
  AgentExecutor,
  DefaultRequestHandler,
  DefaultRequestHandlerOptions,
  PushNotificationSender,
  PushNotificationStore,
} from '@a2a-js/sdk/server';
import { assertOptions } from '../options/option-check.ts';

type SdkArguments = ConstructorParameters<typeof DefaultRequestHandler>;

/** The options of the SDK's `DefaultRequestHandler` besides card, executor and store, and `onOrphan`. */
export interface RequestHandlerOptions {
  /** @default a `DynamoDBPushNotificationStore` on the backend's table */
  readonly pushNotificationStore?: PushNotificationStore | undefined;
  readonly pushNotificationSender?: PushNotificationSender | undefined;
  readonly extendedAgentCardProvider?: AgentCard | SdkArguments[6];
  readonly agentCardSignatureGenerator?: SdkArguments[7];
  /**
   * Decides about runs of dead instances. `fail`: their tasks are FAILED. `resume`: a live instance
   * executes the message again, at most three times in all, and `runContext(requestContext).attempt`
   * counts the attempts. Only one handler of a backend can resume.
   * @default `fail`
   */
  readonly onOrphan?: 'fail' | 'resume' | undefined;
  readonly validateInputModes?: DefaultRequestHandlerOptions['validateInputModes'];
}

const OPTIONS: OptionNames<RequestHandlerOptions> = {
  pushNotificationStore: true,
  pushNotificationSender: true,
  extendedAgentCardProvider: true,
  agentCardSignatureGenerator: true,
  onOrphan: true,
  validateInputModes: true,
};

/** Throws `configuration` if the card, the executor or an option has the wrong shape. */
export function assertHandlerArguments(
  card: AgentCard,
  executor: AgentExecutor,
  options: RequestHandlerOptions,
): void {
  assertMethods('agentCard', 'the A2A agent card, an object', card, []);
  assertMethods(
    'executor',
    'an AgentExecutor with execute(requestContext, eventBus) and cancelTask(taskId, eventBus)',
    executor,
    ['execute', 'cancelTask'],
  );
  assertOptions('requestHandler', options, OPTIONS);
  const { pushNotificationStore: store, pushNotificationSender: sender, onOrphan } = options;
  if (store !== undefined) {
    const shape = 'a PushNotificationStore with save, load and delete';
    assertMethods('pushNotificationStore', shape, store, ['save', 'load', 'delete']);
  }
  if (sender !== undefined) {
    const shape = 'a PushNotificationSender with send';
    assertMethods('pushNotificationSender', shape, sender, ['send']);
  }
  const { extendedAgentCardProvider: extended, agentCardSignatureGenerator: sign } = options;
  if (extended !== undefined && typeof extended !== 'function') {
    const shape = 'an agent card, or a function that returns one';
    assertMethods('extendedAgentCardProvider', shape, extended, []);
  }
  if (sign !== undefined && typeof sign !== 'function') {
    throw new BackendError('configuration', 'agentCardSignatureGenerator must be a function.');
  }
  if (onOrphan !== undefined && onOrphan !== 'fail' && onOrphan !== 'resume') {
    throw new BackendError('configuration', 'onOrphan is fail or resume.');
  }
}

function assertMethods(
  name: string,
  shape: string,
  value: unknown,
  methods: readonly string[],
): void {
  const found = (value ?? {}) as Readonly<Record<string, unknown>>;
  const isObject = typeof value === 'object' && value !== null;
  if (!isObject || methods.some((method) => typeof found[method] !== 'function')) {
    throw new BackendError('configuration', `${name} must be ${shape}.`);
  }
}
