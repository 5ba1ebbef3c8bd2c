import type { Scope } from '@a2a-aws/core';
import { Message, type SendMessageRequest } from '@a2a-js/sdk';
import type { ServerCallContext } from '@a2a-js/sdk/server';
import * as z from 'zod';
import { ownersContext } from '../user-code/owners-context.ts';

/** The parts of a request that another instance needs to run it again: no credentials, no headers. */
const recorded = z.object({
  v: z.literal(1),
  outputModes: z.array(z.string()),
  historyLength: z.number().optional(),
  extensions: z.array(z.string()),
});

type Recorded = z.infer<typeof recorded>;

/** More than this is not kept, in bytes: such a run is not run again. */
const MAX_BYTES = 16 * 1024;

/** Returns the text to keep of a request, or `undefined` if it is too long. */
export function recordRequest(
  { configuration }: SendMessageRequest,
  context: ServerCallContext,
): string | undefined {
  const kept: Recorded = {
    v: 1,
    outputModes: configuration?.acceptedOutputModes ?? [],
    historyLength: configuration?.historyLength,
    extensions: context.requestedExtensions ?? [],
  };
  const text = JSON.stringify(kept);
  return Buffer.byteLength(text) <= MAX_BYTES ? text : undefined;
}

/** The request as it is run again. Throws for a text that this release did not write. */
export function recordedRequest(
  text: string,
  scope: Scope,
  message: Message,
): { readonly request: SendMessageRequest; readonly context: ServerCallContext } {
  const { outputModes, historyLength, extensions } = recorded.parse(JSON.parse(text));
  const request = {
    tenant: scope.tenant,
    message: Message.fromJSON(Message.toJSON(message)),
    configuration: {
      acceptedOutputModes: outputModes,
      taskPushNotificationConfig: undefined,
      historyLength,
      returnImmediately: false,
    },
    metadata: undefined,
  };
  return { request, context: ownersContext(scope, extensions) };
}
