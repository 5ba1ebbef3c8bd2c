import type { AgentCard } from '@a2a-js/sdk';
import type {
  DefaultRequestHandler,
  DefaultRequestHandlerOptions,
  PushNotificationSender,
  PushNotificationStore,
} from '@a2a-js/sdk/server';

type SdkArguments = ConstructorParameters<typeof DefaultRequestHandler>;

/** What the SDK's `DefaultRequestHandler` takes besides card, executor and store; see there. */
export interface RequestHandlerOptions {
  /** @default a `DynamoDBPushNotificationStore` on the backend's table */
  readonly pushNotificationStore?: PushNotificationStore | undefined;
  readonly pushNotificationSender?: PushNotificationSender | undefined;
  readonly extendedAgentCardProvider?: AgentCard | SdkArguments[6];
  readonly agentCardSignatureGenerator?: SdkArguments[7];
  /**
   * What becomes of a run whose instance was lost. `fail`: its task is FAILED. `resume`: a living
   * instance executes the message again, three times in all at the most; the executor finds in
   * `runContext(requestContext).attempt` which time it is. For one handler of a backend.
   * @default `fail`
   */
  readonly onOrphan?: 'fail' | 'resume' | undefined;
  readonly validateInputModes?: DefaultRequestHandlerOptions['validateInputModes'];
}
