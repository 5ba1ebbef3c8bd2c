import type { SendMessageRequest, SubscribeToTaskRequest } from '@a2a-js/sdk';
import type { RequestOptions } from '@a2a-js/sdk/client';
import { isUnique, randomUuid } from './message-id.ts';
import type { ResumableOptions } from './options.ts';
import { type Events, readStream, type StreamingClient } from './reconnecting-stream.ts';

/** The streams of a client that survive interruptions. */
export interface ResumableClient {
  /**
   * Sends a message and yields the events of its stream. A message without an id gets a UUID.
   *
   * @throws {TypeError} if the message's id is not globally unique: the message may be sent again
   * @throws {ResumeError} if too many tries in a row brought no event
   * @throws the error of the SDK's client, if no other try can change it
   */
  sendMessageStream(request: SendMessageRequest, options?: RequestOptions): Events;
  /**
   * Yields the task, then every later event, as the method of the SDK's client does. The stream of a task
   * that has ended contains only the task.
   *
   * @throws {ResumeError} if too many tries in a row brought no event
   * @throws the error of the SDK's client, if no other try can change it
   */
  resubscribeTask(request: SubscribeToTaskRequest, options?: RequestOptions): Events;
}

/**
 * Returns streams that survive broken connections and restarted servers, and with a `store` the restart
 * of this process. Each event comes once and in order. After a restart of this process, the event that
 * was being handled comes again: a position is saved when the caller asks for the next event.
 *
 * @example
 * ```ts
 * import { resumable } from '@a2a-aws/client';
 *
 * declare const client: import('@a2a-js/sdk/client').Client;
 * declare const request: import('@a2a-js/sdk').SendMessageRequest;
 * for await (const event of resumable(client).sendMessageStream(request)) {
 *   console.log(event.payload?.$case);
 * }
 * ```
 */
export function resumable(
  client: StreamingClient,
  options: ResumableOptions = {},
): ResumableClient {
  return {
    sendMessageStream(given, call) {
      const request = withMessageId(given);
      const { tenant, message } = request;
      return readStream(client, { tenant, id: message?.messageId ?? '', request }, options, call);
    },
    resubscribeTask({ tenant, id }, call) {
      return readStream(client, { tenant, id }, options, call);
    },
  };
}

function withMessageId(request: SendMessageRequest): SendMessageRequest {
  const { message } = request;
  if (message && !message.messageId) {
    return { ...request, message: { ...message, messageId: randomUuid() } };
  }
  if (message && !isUnique(message.messageId)) {
    throw new TypeError('The message needs a globally unique id, like a UUID.');
  }
  return request;
}
