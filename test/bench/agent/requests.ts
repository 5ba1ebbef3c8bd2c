import { randomUUID } from 'node:crypto';
import { Message, type SendMessageRequest } from '@a2a-js/sdk';
import { ServerCallContext } from '@a2a-js/sdk/server';

/** Returns a message that begins a task. */
export function firstMessage(
  configuration?: SendMessageRequest['configuration'],
): SendMessageRequest {
  return {
    tenant: '',
    message: Message.fromJSON({
      messageId: randomUUID(),
      role: 'ROLE_USER',
      parts: [{ text: 'Begin.' }],
    }),
    configuration,
    metadata: undefined,
  };
}

export function callContext(): ServerCallContext {
  return new ServerCallContext({ requestedVersion: '1.0' });
}
