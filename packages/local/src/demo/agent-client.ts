import { randomUUID } from 'node:crypto';
import { Message, type SendMessageRequest, type TaskState, taskStateToJSON } from '@a2a-js/sdk';
import { type Client, ClientFactory, ClientFactoryOptions } from '@a2a-js/sdk/client';
import { agentCard } from '../cluster/agent-card.ts';

/** The two bindings that the servers speak. */
export type Binding = 'JSONRPC' | 'HTTP+JSON';

/** The SDK's client, as any user of the agent has it, of one server rather than of them all. */
export function clientOf(url: string, binding: Binding = 'JSONRPC'): Promise<Client> {
  return factory(binding).createFromAgentCard(agentCard(url));
}

/** The SDK's client of whatever the agent card at `url` names. */
export function clientAt(url: string, binding: Binding = 'JSONRPC'): Promise<Client> {
  return factory(binding).createFromUrl(url);
}

/** A request to send a user's text as a new message. */
export function saying(text: string): SendMessageRequest {
  const message = Message.fromJSON({
    messageId: randomUUID(),
    role: 'ROLE_USER',
    parts: [{ text }],
  });
  return { tenant: '', message, configuration: undefined, metadata: undefined };
}

/** `COMPLETED` for `TASK_STATE_COMPLETED`, and so on. */
export function stateName(state: TaskState | undefined): string {
  return state === undefined ? 'none' : taskStateToJSON(state).replace('TASK_STATE_', '');
}

function factory(binding: Binding): ClientFactory {
  return new ClientFactory(
    ClientFactoryOptions.createFrom(ClientFactoryOptions.default, {
      preferredTransports: [binding],
    }),
  );
}
