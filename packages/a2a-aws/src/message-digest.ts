import { createHash } from 'node:crypto';
import { joinKey, type Scope } from '@a2a-aws/core';
import { Message } from '@a2a-js/sdk';

/** Tells a message sent again from another message under the same id: 22 characters. */
export function messageDigest(message: Message): string {
  return digest(JSON.stringify(Message.toJSON(message)));
}

/**
 * The id of the task that a message without one starts: the same message, sent again to whichever
 * instance, means the same task.
 */
export function derivedTaskId(scope: Scope, message: Message, messageDigest: string): string {
  return digest(joinKey(scope.tenant, scope.owner, message.messageId, messageDigest));
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}
