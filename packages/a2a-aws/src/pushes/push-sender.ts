import type { PushNotificationSender, PushNotificationStore } from '@a2a-js/sdk/server';
import { guardedSender } from '../user-code/guarded.ts';
import type { PushDeps } from './push-queue.ts';
import { WebhookSender, type WebhookSenderDeps } from './webhook-sender.ts';

/**
 * Returns the sender of push notifications, and the store in which to look up whether a task has
 * configs. A custom sender gets every event, as in the SDK: it may notify receivers that no config names.
 */
export function pushSender(
  custom: PushNotificationSender | undefined,
  deps: WebhookSenderDeps & { readonly store: PushNotificationStore },
): Pick<PushDeps, 'sender' | 'store'> {
  if (custom) return { sender: guardedSender(custom), store: undefined };
  return { sender: new WebhookSender(deps), store: deps.store };
}
