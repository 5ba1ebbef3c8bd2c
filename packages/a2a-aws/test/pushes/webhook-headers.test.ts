import { TaskPushNotificationConfig } from '@a2a-js/sdk';
import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { sdkHeaders, WebhookSigner } from '../../src/pushes/webhook-headers.ts';

const OLD = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
const NEW = `whsec_${Buffer.alloc(64, 2).toString('base64')}`;
const BODY = '{"text":"é 漢字 𝄞"}';

const config = TaskPushNotificationConfig.fromJSON({
  url: 'https://example.com/',
  token: 'token',
  authentication: { scheme: 'Bearer', credentials: 'credentials' },
});

test('Without a secret, a notification has an id and a time, and no signature.', () => {
  expect(new WebhookSigner([]).headers('id.1', 1_700_000_000_999, BODY)).toEqual({
    'webhook-id': 'id.1',
    'webhook-timestamp': '1700000000',
  });
});

test('Each secret signs, and each of them verifies.', () => {
  const headers = new WebhookSigner([NEW, OLD]).headers('id.1', Date.now(), BODY);
  expect(headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+$/);
  for (const secret of [OLD, NEW]) {
    expect(new Webhook(secret).verify(BODY, headers)).toEqual(JSON.parse(BODY));
  }
});

test('An authentication takes the place of the token, as in the SDK.', () => {
  const headers = sdkHeaders(config, 'text/plain');
  expect(headers).toMatchObject({ authorization: 'Bearer credentials' });
  expect(headers).not.toHaveProperty('x-a2a-notification-token');
  const half = { ...config, authentication: { scheme: 'Bearer', credentials: '' } };
  expect(sdkHeaders(half, 'text/plain')).toMatchObject({ 'x-a2a-notification-token': 'token' });
});

test('A configuration sets no header but its own two.', () => {
  const names = Object.keys(sdkHeaders(config, 'text/plain')).sort();
  expect(names).toEqual([
    'accept',
    'accept-encoding',
    'accept-language',
    'authorization',
    'content-type',
    'sec-fetch-mode',
    'user-agent',
  ]);
});
