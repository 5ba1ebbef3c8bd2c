import { Gate } from '@a2a-aws/testkit/fakes';
import { StreamResponse } from '@a2a-js/sdk';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { memorySeenIds } from '../../src/webhooks/seen-ids.ts';
import {
  type WebhookReceiverOptions,
  webhookReceiver,
} from '../../src/webhooks/webhook-receiver.ts';

const OLD = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
const NEW = `whsec_${Buffer.alloc(32, 2).toString('base64')}`;
const NOW = Date.parse('2026-11-29T12:00:00.900Z');
const BODY =
  '{"statusUpdate":{"taskId":"task-1","contextId":"é 漢字 𝄞","status":{"state":"TASK_STATE_COMPLETED"}}}';

interface Attempt {
  readonly id?: string;
  readonly at?: number;
  readonly secrets?: readonly string[];
  readonly body?: string;
}

function headersOf({ id = 'id-1', at = NOW, secrets = [NEW], body = BODY }: Attempt = {}) {
  const signatures = secrets.map((secret) => new Webhook(secret).sign(id, new Date(at), body));
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at / 1_000)),
    'webhook-signature': signatures.join(' '),
  };
}

class Handler {
  readonly events: StreamResponse[] = [];
  readonly handle = (event: StreamResponse): void => void this.events.push(event);
}

const receiver = (options: WebhookReceiverOptions = {}) =>
  webhookReceiver({ secrets: NEW, now: () => NOW, ...options });

test('A genuine notification is handled once, as text and as bytes.', async () => {
  const receive = receiver();
  const handler = new Handler();
  expect(await receive(headersOf(), BODY, handler.handle)).toEqual({ kind: 'handled', id: 'id-1' });
  const again = headersOf({ at: NOW + 30_000 });
  expect(await receive(again, Buffer.from(BODY), handler.handle)).toEqual({
    kind: 'repeated',
    id: 'id-1',
  });
  const other = headersOf({ id: 'id-2' });
  expect(await receive(other, new TextEncoder().encode(BODY), handler.handle)).toEqual({
    kind: 'handled',
    id: 'id-2',
  });
  const event = StreamResponse.fromJSON(JSON.parse(BODY));
  expect(handler.events).toEqual([event, event]);
});

test('The headers may be those of fetch, node or a Lambda event.', async () => {
  const headers = headersOf();
  const upper = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]),
  );
  for (const given of [headers, new Headers(headers), upper]) {
    const receipt = await receiver()(given, BODY, () => {});
    expect(receipt.kind).toBe('handled');
  }
});

test('While a secret is replaced, both sides may have either or both.', async () => {
  const sides = [[OLD], [NEW], [OLD, NEW], [NEW, OLD]];
  for (const signed of sides) {
    for (const known of sides) {
      const receive = receiver({ secrets: known });
      const receipt = await receive(headersOf({ secrets: signed }), BODY, () => {});
      const isShared = signed.some((secret) => known.includes(secret));
      expect(receipt.kind).toBe(isShared ? 'handled' : 'refused');
    }
  }
});

describe('a notification is refused', () => {
  const { 'webhook-signature': signature, ...unsigned } = headersOf();
  const TOLERANCE_MS = 5 * 60_000;

  test.each([
    ['without a signature', unsigned, BODY, 'headers'],
    ['without an id', { ...headersOf(), 'webhook-id': '' }, BODY, 'headers'],
    ['with a long id', headersOf({ id: 'a'.repeat(257) }), BODY, 'headers'],
    [
      'with a time that is no number',
      { ...headersOf(), 'webhook-timestamp': '1e9' },
      BODY,
      'headers',
    ],
    ['with two ids', { ...headersOf(), 'Webhook-Id': 'id-2' }, BODY, 'headers'],
    [
      'with a list of signatures',
      { ...headersOf(), 'webhook-signature': [signature] },
      BODY,
      'headers',
    ],
    ['with a changed body', headersOf(), BODY.replace('task-1', 'task-2'), 'signature'],
    ['with a changed id', { ...headersOf(), 'webhook-id': 'id-2' }, BODY, 'signature'],
    [
      'with a changed time',
      { ...headersOf(), 'webhook-timestamp': `${NOW / 1_000 + 1}`.split('.')[0] },
      BODY,
      'signature',
    ],
    ['with the signature of another', headersOf({ secrets: [OLD] }), BODY, 'signature'],
    ['with an empty signature', { ...unsigned, 'webhook-signature': 'v1,' }, BODY, 'signature'],
    [
      'with a signature of another kind',
      { ...unsigned, 'webhook-signature': signature.replace('v1', 'v1a') },
      BODY,
      'signature',
    ],
    ['that is too old', headersOf({ at: NOW - TOLERANCE_MS - 1_000 }), BODY, 'time'],
    ['from the future', headersOf({ at: NOW + TOLERANCE_MS + 1_000 }), BODY, 'time'],
    ['that is not JSON', headersOf({ body: 'text' }), 'text', 'body'],
    ['that is no event', headersOf({ body: '{}' }), '{}', 'body'],
    ['that is null', headersOf({ body: 'null' }), 'null', 'body'],
    [
      'of A2A 0.3',
      headersOf({ body: '{"kind":"task","id":"t"}' }),
      '{"kind":"task","id":"t"}',
      'body',
    ],
    ['that is not UTF-8', headersOf(), Uint8Array.of(0xff), 'body'],
  ])('%s', async (_, headers, body, reason) => {
    const handler = new Handler();
    const receipt = await receiver()(headers, body, handler.handle);
    expect(receipt).toEqual({ kind: 'refused', reason });
    expect(handler.events).toEqual([]);
  });

  test('and does not count as seen', async () => {
    const receive = receiver();
    await receive(headersOf(), `${BODY} `, () => {});
    expect(await receive(headersOf(), BODY, () => {})).toMatchObject({ kind: 'handled' });
  });

  test.each([NOW - 5 * 60_000, NOW + 5 * 60_000])('not yet after five minutes', async (at) => {
    expect(await receiver()(headersOf({ at }), BODY, () => {})).toMatchObject({ kind: 'handled' });
  });
});

describe('a token', () => {
  const token = 'the token';
  const headers = { 'webhook-id': 'id-1', 'x-a2a-notification-token': token };

  test('proves a notification by itself, or in addition', async () => {
    const alone = receiver({ secrets: undefined, token });
    expect(await alone(headers, BODY, () => {})).toMatchObject({ kind: 'handled' });
    const both = receiver({ token });
    expect(await both({ ...headers, ...headersOf() }, BODY, () => {})).toMatchObject({
      kind: 'handled',
    });
    expect(await both(headers, BODY, () => {})).toMatchObject({ reason: 'headers' });
    expect(await both(headersOf(), BODY, () => {})).toMatchObject({ reason: 'token' });
  });

  test.each(['', 'the tokeN', 'the token ', 'the'])(
    'of another text is refused: %j',
    async (given) => {
      const receive = receiver({ secrets: undefined, token });
      const wrong = { ...headers, 'x-a2a-notification-token': given };
      expect(await receive(wrong, BODY, () => {})).toEqual({ kind: 'refused', reason: 'token' });
    },
  );
});

test('An event whose handler fails is handled when it is repeated.', async () => {
  const receive = receiver();
  const failing = receive(headersOf(), BODY, () => Promise.reject(new Error('Full.')));
  await expect(failing).rejects.toThrow('Full.');
  expect(await receive(headersOf(), BODY, () => {})).toMatchObject({ kind: 'handled' });
});

test('A repetition during the handling waits for it, and ends as it does.', async () => {
  const receive = receiver();
  for (const end of ['handled', 'failed']) {
    const id = `id-${end}`;
    const gate = new Gate();
    let calls = 0;
    const handle = (): Promise<void> => {
      calls += 1;
      return gate.opened;
    };
    const attempts = [1, 2].map(() => receive(headersOf({ id }), BODY, handle));
    if (end === 'handled') gate.open();
    else gate.fail(new Error('Full.'));
    const ended = await Promise.allSettled(attempts);
    expect(calls).toBe(1);
    expect(ended.map((one) => (one.status === 'fulfilled' ? one.value.kind : 'failed'))).toEqual(
      end === 'handled' ? ['handled', 'repeated'] : ['failed', 'failed'],
    );
  }
});

test.each([{}, { secrets: [] }, { token: '' }, { secrets: 'whsec_' }, { secrets: 'whsec_!' }])(
  'A receiver without a proof to check is not made: %j',
  (options) => {
    expect(() => webhookReceiver(options)).toThrow();
  },
);

test('The store in memory forgets the oldest ids.', () => {
  const seen = memorySeenIds(2);
  for (const id of ['a', 'b', 'c']) seen.add(id);
  expect(['a', 'b', 'c'].map((id) => seen.has(id))).toEqual([false, true, true]);
});
