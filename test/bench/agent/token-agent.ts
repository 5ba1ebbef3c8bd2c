import { Message } from '@a2a-js/sdk';
import {
  AgentEvent,
  type AgentExecutor,
  type ExecutionEventBus,
  type RequestContext,
} from '@a2a-js/sdk/server';
import { Turn } from '../../fixtures/scripted-agent.ts';
import { monotonicMs } from '../monotonic-time.ts';
import { chunk } from './payload.ts';
import { stampedToken } from './stamped-text.ts';

/** The tokens that a client wants, and the milliseconds from one to the next. */
export interface TokenOrder {
  readonly tokens: number;
  readonly everyMs: number;
}

/** Returns the JSON of a message that orders tokens. */
export function orderMessage(order: TokenOrder, messageId: string): unknown {
  const parts = [{ text: JSON.stringify(order) }];
  return Message.toJSON(Message.fromJSON({ messageId, role: 'ROLE_USER', parts }));
}

/**
 * An agent that streams the tokens of a model. The model does not wait for the agent: an agent that is
 * late publishes all tokens that have come by then.
 */
export class TokenAgent implements AgentExecutor {
  readonly execute = async (request: RequestContext, bus: ExecutionEventBus): Promise<void> => {
    const { taskId, contextId, userMessage } = request;
    const { tokens, everyMs } = orderOf(userMessage);
    const turn = new Turn(request, bus);
    turn.task();
    const begin = monotonicMs();
    for (let at = 0; at < tokens; at += 1) {
      const early = begin + (at + 1) * everyMs - monotonicMs();
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
      bus.publish(AgentEvent.artifactUpdate(chunk(taskId, contextId, stampedToken(), at > 0)));
    }
    turn.status('COMPLETED');
  };

  readonly cancelTask = async (): Promise<void> => {};
}

function orderOf({ parts: [part] }: Message): TokenOrder {
  if (part?.content?.$case !== 'text') throw new Error('The message has no text.');
  return JSON.parse(part.content.value) as TokenOrder;
}
