import { gapOf, resumable } from '@a2a-aws/client';
import { fileStore } from '@a2a-aws/client/node';
import type { SendMessageRequest, StreamResponse } from '@a2a-js/sdk';
import type { Client } from '@a2a-js/sdk/client';

/** Sends a message and handles each event of its stream, whatever is restarted meanwhile. */
export async function handleStream(
  client: Pick<Client, 'sendMessageStream' | 'resubscribeTask' | 'getTask'>,
  request: SendMessageRequest, // its messageId is a UUID, and stays the same after a restart
  handle: (event: StreamResponse) => Promise<void>,
  directory = './positions',
): Promise<void> {
  const agent = resumable(client, { store: fileStore(directory) });
  for await (const event of agent.sendMessageStream(request)) {
    const gap = gapOf(event);
    if (gap) console.warn('The whole task replaces missed events', gap.from, gap.to);
    await handle(event);
  }
}
