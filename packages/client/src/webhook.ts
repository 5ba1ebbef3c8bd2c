export { memorySeenIds, type SeenIds } from './webhooks/seen-ids.ts';
export type { Refusal, WebhookHeaders } from './webhooks/verification.ts';
export {
  type HandleEvent,
  type Receipt,
  type ReceiveWebhook,
  type WebhookReceiverOptions,
  webhookReceiver,
} from './webhooks/webhook-receiver.ts';
