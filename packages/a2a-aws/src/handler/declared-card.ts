import type { AgentCard, AgentExtension } from '@a2a-js/sdk';
import { LATEST_ONLY_PUSHES } from '../pushes/latest-only.ts';
import { RESUMABLE_STREAMS } from '../streams/extension.ts';

const RESUMABLE = extension(
  RESUMABLE_STREAMS,
  'A stream that was interrupted is resumed at the cursor of its last event.',
);
const LATEST_ONLY = extension(
  LATEST_ONLY_PUSHES,
  'A push configuration gets only the latest of the events that wait for its receiver.',
);

/**
 * Returns the card with the extensions that the backend serves. `hasSender`: a sender of the application
 * gets all events, so no configuration can want only the latest.
 */
export function declaredCard(card: AgentCard, hasSender = false): AgentCard {
  const { capabilities } = card;
  if (!capabilities) return card;
  const { streaming, pushNotifications, extensions = [] } = capabilities;
  const served = [
    ...(streaming ? [RESUMABLE] : []),
    ...(pushNotifications && !hasSender ? [LATEST_ONLY] : []),
  ].filter(({ uri }) => !extensions.some((given) => given.uri === uri));
  if (served.length === 0) return card;
  return { ...card, capabilities: { ...capabilities, extensions: [...extensions, ...served] } };
}

function extension(uri: string, description: string): AgentExtension {
  return { uri, description, required: false, params: undefined };
}
