import { StreamResponse } from '@a2a-js/sdk';
import { memorySeenIds, type SeenIds } from './seen-ids.ts';
import { type Refusal, Verification, type WebhookHeaders } from './verification.ts';

/** The proofs that a notification is genuine: `secrets`, `token` or both. */
export interface WebhookReceiverOptions {
  /** The signing secret of the server, or several while one replaces another: `whsec_` and base64. */
  readonly secrets?: string | readonly string[] | undefined;
  /** The token of the push configuration. */
  readonly token?: string | undefined;
  /** @default {@link memorySeenIds} */
  readonly seen?: SeenIds | undefined;
  /** Returns the time in milliseconds. @default `Date.now` */
  readonly now?: (() => number) | undefined;
}

/** Handles an event. If it rejects, the sender must repeat the notification. */
export type HandleEvent = (event: StreamResponse, id: string) => void | Promise<void>;

/**
 * The result for a notification. Answer `handled` and `repeated` with 204, and `refused` with 400.
 *
 * - `handled`: `handle` has returned
 * - `repeated`: an earlier notification with this id was handled
 */
export type Receipt =
  | { readonly kind: 'handled' | 'repeated'; readonly id: string }
  | { readonly kind: 'refused'; readonly reason: Refusal };

/**
 * Verifies one notification and has its event handled, unless it was handled before. `body` is the
 * body as it arrived. Rejects as `handle` does; then answer with 503, and the sender tries again.
 */
export type ReceiveWebhook = (
  headers: WebhookHeaders,
  body: string | Uint8Array,
  handle: HandleEvent,
) => Promise<Receipt>;

/**
 * Returns a function that receives push notifications of A2A 1.0, signed as Standard Webhooks says. An
 * id counts as seen once its event was handled, so no crash of the receiver loses an event.
 *
 * @throws {Error} if a secret is malformed, or neither `secrets` nor `token` is given
 *
 * @example
 * ```ts
 * import { webhookReceiver } from '@a2a-aws/client/webhook';
 * import express from 'express';
 *
 * declare const secret: string;
 * const receive = webhookReceiver({ secrets: secret });
 * const app = express();
 * app.post('/pushed', express.raw({ type: () => true, limit: '8mb' }), async (req, res) => {
 *   const receipt = await receive(req.headers, req.body, async ({ payload }) => {
 *     console.log(payload?.$case);
 *   });
 *   res.status(receipt.kind === 'refused' ? 400 : 204).end();
 * });
 * ```
 */
export function webhookReceiver(options: WebhookReceiverOptions): ReceiveWebhook {
  const { seen = memorySeenIds(), now = Date.now } = options;
  const verification = new Verification(options.secrets, options.token);
  /** The notifications that are being handled. */
  const active = new Map<string, Promise<void>>();

  async function handleOnce(id: string, handle: () => void | Promise<void>): Promise<boolean> {
    const earlier = active.get(id);
    if (earlier) {
      // The sender did not wait for the answer to its last attempt.
      await earlier;
      return false;
    }
    let isNew = true;
    const handled = (async (): Promise<void> => {
      if (await seen.has(id)) isNew = false;
      else {
        await handle();
        await seen.add(id);
      }
    })();
    active.set(id, handled);
    try {
      await handled;
      return isNew;
    } finally {
      active.delete(id);
    }
  }

  return async (headers, body, handle) => {
    const text = textOf(body);
    if (text === undefined) return { kind: 'refused', reason: 'body' };
    const checked = verification.check(headers, text, now());
    if ('refused' in checked) return { kind: 'refused', reason: checked.refused };
    const { id } = checked;
    const event = eventOf(text);
    if (!event) return { kind: 'refused', reason: 'body' };
    const isNew = await handleOnce(id, () => handle(event, id));
    return { kind: isNew ? 'handled' : 'repeated', id };
  };
}

function textOf(body: string | Uint8Array): string | undefined {
  if (typeof body === 'string') return body;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return undefined;
  }
}

function eventOf(text: string): StreamResponse | undefined {
  try {
    const event = StreamResponse.fromJSON(JSON.parse(text));
    return event.payload && event;
  } catch {
    return undefined;
  }
}
