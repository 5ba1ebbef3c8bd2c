import { A2A_PROTOCOL_VERSION, AgentCard, type AgentInterface } from '@a2a-js/sdk';

/** Where a server mounts the SDK's handlers. */
export const JSON_RPC_PATH = '/a2a/jsonrpc';
export const REST_PATH = '/a2a/rest';

/** The card of an agent whose two bindings are below `url`. */
export function agentCard(url: string): AgentCard {
  return AgentCard.fromJSON({
    name: 'Agent on a local cluster',
    description: 'An agent of several server processes on this machine.',
    version: '1.0.0',
    supportedInterfaces: [
      agentInterface(`${url}${JSON_RPC_PATH}`, 'JSONRPC'),
      agentInterface(`${url}${REST_PATH}`, 'HTTP+JSON'),
    ],
    capabilities: { streaming: true, pushNotifications: true },
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
  });
}

function agentInterface(url: string, protocolBinding: string): AgentInterface {
  return { url, protocolBinding, protocolVersion: A2A_PROTOCOL_VERSION, tenant: '' };
}
