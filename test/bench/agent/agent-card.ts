import type { AgentCard } from '@a2a-js/sdk';

export const AGENT_CARD: AgentCard = {
  name: 'bench',
  description: '',
  supportedInterfaces: [],
  provider: undefined,
  version: '1',
  capabilities: { streaming: true, pushNotifications: false, extensions: [] },
  securitySchemes: {},
  securityRequirements: [],
  defaultInputModes: [],
  defaultOutputModes: [],
  skills: [],
  signatures: [],
};
