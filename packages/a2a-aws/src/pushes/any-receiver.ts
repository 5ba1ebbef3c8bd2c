import type { PushEntry, PushTerms } from '@a2a-aws/core';
import { A2A_PROTOCOL_VERSION } from '@a2a-js/sdk';

/** The id of the push config that stands for a sender of the application. */
export const SENDER = '';

/** The entry that sets it: the sender gets the events from here on. */
export const ANY_RECEIVER: PushEntry & { readonly terms: PushTerms } = {
  kind: 'push',
  config: SENDER,
  terms: { version: A2A_PROTOCOL_VERSION, latestOnly: false },
};
