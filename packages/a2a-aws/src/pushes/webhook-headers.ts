import type { TaskPushNotificationConfig } from '@a2a-js/sdk';
import { Webhook } from 'standardwebhooks';

const TOKEN_HEADER = 'x-a2a-notification-token';

/** The headers that node's `fetch` adds, with which the SDK sends. */
const FETCH_HEADERS = {
  accept: '*/*',
  'accept-language': '*',
  'sec-fetch-mode': 'cors',
  'user-agent': 'node',
  'accept-encoding': 'gzip, deflate',
};

export type Headers = Readonly<Record<string, string>>;

/** Returns the headers of the SDK's sender for this configuration. */
export function sdkHeaders(config: TaskPushNotificationConfig, contentType: string): Headers {
  return { 'content-type': contentType, ...authHeaders(config), ...FETCH_HEADERS };
}

function authHeaders({ authentication, token }: TaskPushNotificationConfig): Headers {
  if (authentication?.scheme && authentication.credentials) {
    return { authorization: `${authentication.scheme} ${authentication.credentials}` };
  }
  return token ? { [TOKEN_HEADER]: token } : {};
}

/** Adds the headers of Standard Webhooks, with one signature for each secret. */
export class WebhookSigner {
  readonly #secrets: readonly Webhook[];

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets.map((secret) => new Webhook(secret));
  }

  /** `id` is the same for each attempt; `at` is the time of this one, in milliseconds. */
  headers(id: string, at: number, body: string): Headers {
    const headers = { 'webhook-id': id, 'webhook-timestamp': String(Math.floor(at / 1_000)) };
    if (this.#secrets.length === 0) return headers;
    const signatures = this.#secrets.map((secret) => secret.sign(id, new Date(at), body));
    return { ...headers, 'webhook-signature': signatures.join(' ') };
  }
}
