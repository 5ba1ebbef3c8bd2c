import type { Scope } from '@a2a-aws/core';
import { derivedUuid } from '@a2a-aws/core/internal';
import { Message, type SendMessageRequest, TaskPushNotificationConfig } from '@a2a-js/sdk';
import { ServerCallContext, UnauthenticatedUser, type User } from '@a2a-js/sdk/server';
import { RESUMABLE_STREAMS } from 'a2a-aws';
import type { Script } from './script.ts';

/** A client's message. */
export interface Send {
  /** The message's name. Its id is a UUID of its own, unless the name is a number, which others use, too. */
  readonly messageId: string;
  readonly contextId: string;
  /** `undefined` for a new task. */
  readonly taskId?: string | undefined;
  readonly script: Script;
  readonly mode: 'stream' | 'blocking' | 'immediate';
  /** Asks for push notifications. */
  readonly pushes?: boolean | undefined;
  /** Leaves after so many frames, and never comes back. */
  readonly leavesAfter?: number | undefined;
}

/** Returns the id of the message with this name. */
export function messageIdOf(name: string): string {
  return /^\d+$/.test(name) ? name : derivedUuid(name);
}

/** Returns the call context of a caller. */
export function contextOf({ tenant, owner }: Scope): ServerCallContext {
  return new ServerCallContext({ user: userOf(owner), tenant });
}

/** Returns the call context of a sender; every second one knows cursors. */
export function sendContextOf(scope: Scope, { messageId }: Send): ServerCallContext {
  const knowsCursors = messageId.charCodeAt(messageId.length - 1) % 2 === 0;
  return knowsCursors ? resumableContextOf(scope) : contextOf(scope);
}

/** Returns the call context of a caller whose streams have cursors. */
export function resumableContextOf({ tenant, owner }: Scope, cursor?: string): ServerCallContext {
  const headers = cursor === undefined ? {} : { 'last-event-id': cursor };
  return new ServerCallContext({
    user: userOf(owner),
    tenant,
    state: new Map([['headers', headers]]),
    requestedExtensions: [RESUMABLE_STREAMS],
  });
}

function userOf(owner: string): User {
  return owner === '' ? new UnauthenticatedUser() : { isAuthenticated: true, userName: owner };
}

/** Returns the request for a push configuration of a task. */
export function pushConfigOf(taskId: string, id: string): TaskPushNotificationConfig {
  const url = 'https://client.example/pushed';
  return TaskPushNotificationConfig.fromJSON({ taskId, id, url });
}

/** Returns the request for a message. */
export function requestOf(send: Send): SendMessageRequest {
  return {
    tenant: '',
    message: Message.fromJSON({
      messageId: send.messageId,
      taskId: send.taskId ?? '',
      contextId: send.contextId,
      role: 'ROLE_USER',
      parts: [{ text: JSON.stringify(send.script) }],
    }),
    configuration: {
      acceptedOutputModes: [],
      taskPushNotificationConfig: send.pushes ? pushConfigOf('', 'config') : undefined,
      returnImmediately: send.mode === 'immediate',
    },
    metadata: undefined,
  };
}
