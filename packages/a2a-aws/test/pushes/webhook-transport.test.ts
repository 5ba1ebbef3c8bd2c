import { TaskPushNotificationConfig } from '@a2a-js/sdk';
import { expect, test } from 'vitest';
import { WebhookTransport, type WebhookTransportDeps } from '../../src/pushes/webhook-transport.ts';

const KEY = { tenant: '', owner: 'ann', taskId: 'task' };
const CONFIG = TaskPushNotificationConfig.fromJSON({ id: 'config', url: 'https://a.test/' });

function transport(leaves: WebhookTransportDeps['leaves']): WebhookTransport {
  return new WebhookTransport({
    store: { load: async () => [CONFIG] },
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

test.each([
  [undefined, ['config'], ['config'], true],
  [undefined, ['other'], [], true],
  ['senders', ['config'], ['config'], true],
  // The sender of the application takes the place of the webhooks.
  ['senders', ['', 'config'], [], true],
  ['unknown', ['', 'config'], [], false],
  ['unknown', ['config', 'other'], ['config'], true],
  ['unknown', ['other'], [], false],
  ['unknown', [], [], true],
] as const)(
  'a transport that leaves %s has receivers of %j: %j',
  async (leaves, ids, found, can) => {
    expect([...(await transport(leaves).receivers(KEY, ids)).keys()]).toEqual(found);
    expect(await transport(leaves).canDeliver(KEY, ids)).toBe(can);
  },
);
