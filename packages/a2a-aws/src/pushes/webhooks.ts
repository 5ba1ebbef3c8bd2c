import type { Clock } from '@a2a-aws/core';
import { V03PushNotificationSerializer } from '@a2a-js/sdk/compat/v0_3/server';
import { V1PushNotificationSerializer } from '@a2a-js/sdk/server';
import type { WebhookCall, WebhookOutcome } from './webhook-call.ts';

export interface WebhookDeps {
  readonly clock: Clock;
}

const TIMEOUT_MS = 5_000;
const TOKEN_HEADER = 'X-A2A-Notification-Token';
const SERIALIZERS = {
  '1.0': new V1PushNotificationSerializer(),
  '0.3': new V03PushNotificationSerializer(),
};

/** Posts events to webhooks, one attempt at a time. */
export class Webhooks {
  readonly #deps: WebhookDeps;

  constructor(deps: WebhookDeps) {
    this.#deps = deps;
  }

  /** Attempts a call once. Never rejects. */
  async post(call: WebhookCall, signal: AbortSignal): Promise<WebhookOutcome> {
    const { config, event, task, id, protocolVersion } = call;
    const serializer = SERIALIZERS[protocolVersion === '0.3' ? '0.3' : '1.0'];
    const attempt = new AbortController();
    const abort = (): void => attempt.abort();
    const cancelTimer = this.#deps.clock.after(TIMEOUT_MS, abort);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    try {
      const { body, contentType } = serializer.serialize(event, task);
      const response = await fetch(config.url, {
        method: 'POST',
        headers: { 'Content-Type': contentType, ...authHeaders(config), 'webhook-id': id },
        body,
        signal: attempt.signal,
        redirect: 'manual',
      });
      // An answer that is not read would keep its connection.
      await response.body?.cancel();
      const { status } = response;
      if (status >= 200 && status < 300) return { kind: 'delivered' };
      if (status >= 300 && status < 400) return { kind: 'refused', reason: 'redirect' };
      const isLasting = status < 500 && ![408, 425, 429].includes(status);
      return { kind: isLasting ? 'refused' : 'retry', reason: `http-${status}` };
    } catch {
      if (signal.aborted) return { kind: 'retry', reason: 'stopped' };
      return { kind: 'retry', reason: attempt.signal.aborted ? 'timeout' : 'unreachable' };
    } finally {
      cancelTimer();
      signal.removeEventListener('abort', abort);
    }
  }

  close(): void {}
}

function authHeaders({
  authentication,
  token,
}: WebhookCall['config']): Readonly<Record<string, string>> {
  if (authentication?.scheme && authentication.credentials) {
    return { Authorization: `${authentication.scheme} ${authentication.credentials}` };
  }
  return token ? { [TOKEN_HEADER]: token } : {};
}
