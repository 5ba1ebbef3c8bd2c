import { Message } from '@a2a-js/sdk';
import {
  AgentEvent,
  type AgentExecutor,
  type ExecutionEventBus,
  type RequestContext,
} from '@a2a-js/sdk/server';

/** A user's own agent, a class: says which process it is. */
export default class GreetingAgent implements AgentExecutor {
  readonly execute = async (request: RequestContext, bus: ExecutionEventBus): Promise<void> => {
    const { contextId } = request;
    const parts = [{ text: `I am ${process.pid}` }];
    const messageId = `answer to ${request.userMessage.messageId}`;
    bus.publish(
      AgentEvent.message(Message.fromJSON({ messageId, contextId, role: 'ROLE_AGENT', parts })),
    );
  };

  readonly cancelTask = async (): Promise<void> => {};
}
