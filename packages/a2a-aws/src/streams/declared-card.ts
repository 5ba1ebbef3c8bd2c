import type { AgentCard, AgentExtension } from '@a2a-js/sdk';
import { RESUMABLE_STREAMS } from './extension.ts';

const EXTENSION: AgentExtension = {
  uri: RESUMABLE_STREAMS,
  description: 'A stream that was interrupted is resumed at the cursor of its last event.',
  required: false,
  params: undefined,
};

/** Returns the card with the extension of resumable streams, unless the agent does not stream. */
export function declaredCard(card: AgentCard): AgentCard {
  const { capabilities } = card;
  if (!capabilities?.streaming) return card;
  const { extensions = [] } = capabilities;
  if (extensions.some(({ uri }) => uri === RESUMABLE_STREAMS)) return card;
  return { ...card, capabilities: { ...capabilities, extensions: [...extensions, EXTENSION] } };
}
