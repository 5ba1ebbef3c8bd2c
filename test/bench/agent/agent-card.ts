import type { AgentCard } from '@a2a-js/sdk';

export const AGENT_CARD: AgentCard = {
  name: 'bench',
  description: '',
  supportedInterfaces: [
    { url: 'http://127.0.0.1', protocolBinding: 'HTTP+JSON', protocolVersion: '1.0', tenant: '' },
  ],
  provider: undefined,
  version: '1',
  capabilities: { streaming: true, pushNotifications: true, extensions: [] },
  securitySchemes: {},
  securityRequirements: [],
  defaultInputModes: [],
  defaultOutputModes: [],
  skills: [],
  signatures: [],
};
