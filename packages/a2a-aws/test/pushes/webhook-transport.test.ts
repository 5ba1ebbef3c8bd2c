import { expect, test } from 'vitest';
import { WebhookTransport, type WebhookTransportDeps } from '../../src/pushes/webhook-transport.ts';

function transport(leaves: WebhookTransportDeps['leaves']): WebhookTransport {
  return new WebhookTransport({
    store: { load: async () => [] },
    webhooks: { post: async () => ({ kind: 'delivered' }) },
    retryForMs: 1_000,
    leaves,
  });
}

test.each([
  // leaves, configuration, is it in the store, must it be left
  [undefined, '', false, false],
  [undefined, 'config', false, false],
  ['senders', '', false, true],
  ['senders', 'config', false, false],
  ['unknown', '', false, true],
  ['unknown', 'config', false, true],
  ['unknown', 'config', true, false],
] as const)(
  'a transport that leaves %s: %j, found %s, is left: %s',
  (leaves, config, isFound, isLeft) => {
    expect(transport(leaves).mustLeave(config, isFound)).toBe(isLeft);
  },
);
