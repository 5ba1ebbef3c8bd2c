import { createHash } from 'node:crypto';
import type { Scope } from '@a2a-aws/core';
import { derivedUuid, encode, joinKey } from '@a2a-aws/core/internal';
import { type Message, type SendMessageRequest, TaskPushNotificationConfig } from '@a2a-js/sdk';

/**
 * Tells a message sent again from another message under the same id: 22 characters. Throws
 * `invalid-event` or `event-too-large` for a message that no log takes.
 */
export function messageDigest(message: Message): string {
  const { text } = encode({ kind: 'message', message });
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

/**
 * Returns the id of the task that a message without a task starts. The same message, sent again to
 * any instance, gives the same id. `asked`: the request, unless the message's id alone makes it the
 * same. The SDK saves a push config before the log shows the owner of the task. Sends with
 * different push configs therefore never share a log: the webhook of one would get the events of
 * the other.
 */
export function derivedTaskId(
  scope: Scope,
  message: Message,
  messageDigest: string,
  asked?: SendMessageRequest,
): string {
  const config = asked?.configuration?.taskPushNotificationConfig;
  const pushes = config ? [pushDigest(config)] : [];
  return derivedUuid(
    joinKey(scope.tenant, scope.owner, message.messageId, messageDigest, ...pushes),
  );
}

function pushDigest(config: TaskPushNotificationConfig): string {
  const text = JSON.stringify(TaskPushNotificationConfig.toJSON(config));
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}
