import { randomUUID } from 'node:crypto';
import {
  AgentCard,
  Message,
  type SendMessageRequest,
  type TaskState,
  taskStateToJSON,
} from '@a2a-js/sdk';
import { type Client, ClientFactory, ClientFactoryOptions } from '@a2a-js/sdk/client';

/** Where each server of a cluster has its two bindings. */
export const JSON_RPC_PATH = '/a2a/jsonrpc';
export const REST_PATH = '/a2a/rest';

export type Binding = 'JSONRPC' | 'HTTP+JSON';

/** The SDK's client of one server. The servers' own card names the load balancer. */
export function clientOf(url: string, binding: Binding = 'JSONRPC'): Promise<Client> {
  const supportedInterfaces = [
    { url: `${url}${JSON_RPC_PATH}`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
    { url: `${url}${REST_PATH}`, protocolBinding: 'HTTP+JSON', protocolVersion: '1.0' },
  ];
  const card = AgentCard.fromJSON({ supportedInterfaces, capabilities: { streaming: true } });
  return factory(binding).createFromAgentCard(card);
}

/** The SDK's client of the address in the agent card at `url`. */
export function clientAt(url: string, binding: Binding = 'JSONRPC'): Promise<Client> {
  return factory(binding).createFromUrl(url);
}

/** A request to send a user's text as a new message, to a task if it is given. */
export function saying(text: string, taskId = ''): SendMessageRequest {
  const message = Message.fromJSON({
    messageId: randomUUID(),
    taskId,
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
