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
  readonly validateInputModes?: DefaultRequestHandlerOptions['validateInputModes'];
}
