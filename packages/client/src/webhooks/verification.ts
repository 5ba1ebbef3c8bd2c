import { timingSafeEqual } from 'node:crypto';
import { Webhook } from 'standardwebhooks';

/** How far the time of an attempt may be from the receiver's, in seconds, as in Standard Webhooks. */
const TOLERANCE_S = 5 * 60;
/** An id is kept, so it must not be long. */
const MAX_ID_CHARACTERS = 256;

/** The headers of a request: those of node, `fetch` or a Lambda event, in upper or lower case. */
export type WebhookHeaders =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * Why a notification was refused.
 *
 * - `headers`: a header is missing or malformed
 * - `time`: the attempt was made more than 5 minutes ago, or is in the future
 * - `signature`: no signature is by one of the secrets
 * - `token`: the token is not the expected one
 * - `body`: the body is not an event of A2A 1.0
 */
export type Refusal = 'headers' | 'time' | 'signature' | 'token' | 'body';

/** Proves that a notification comes from the expected server. */
export class Verification {
  readonly #secrets: readonly Webhook[];
  readonly #token: string | undefined;

  /** Throws for a malformed secret, and without any proof to check. */
  constructor(secrets: string | readonly string[] | undefined, token: string | undefined) {
    this.#secrets = [secrets ?? []].flat().map((secret) => new Webhook(secret));
    this.#token = token;
    if (this.#secrets.length === 0 && !token) throw new Error('secrets or token must be given.');
  }

  /** Returns the id of a notification, or why it is refused. `now` is in milliseconds. */
  check(
    headers: WebhookHeaders,
    body: string,
    now: number,
  ): { readonly id: string } | { readonly refused: Refusal } {
    const id = header(headers, 'webhook-id');
    if (!id || id.length > MAX_ID_CHARACTERS) return { refused: 'headers' };
    const token = header(headers, 'x-a2a-notification-token');
    if (this.#token && !isEqual(token ?? '', this.#token)) return { refused: 'token' };
    if (this.#secrets.length === 0) return { id };
    const seconds = header(headers, 'webhook-timestamp') ?? '';
    const signatures = header(headers, 'webhook-signature');
    if (!/^\d{1,12}$/.test(seconds) || !signatures) return { refused: 'headers' };
    if (Math.abs(Math.floor(now / 1_000) - Number(seconds)) > TOLERANCE_S) {
      return { refused: 'time' };
    }
    const at = new Date(Number(seconds) * 1_000);
    const given = signatures.split(' ');
    const isSigned = this.#secrets.some((secret) => {
      const expected = secret.sign(id, at, body);
      return given.some((signature) => isEqual(signature, expected));
    });
    return isSigned ? { id } : { refused: 'signature' };
  }
}

function header(headers: WebhookHeaders, name: string): string | undefined {
  if (typeof headers.get === 'function') return headers.get(name) ?? undefined;
  const found = Object.entries(headers).filter(([key]) => key.toLowerCase() === name);
  const [[, value] = []] = found;
  // If a header is there twice, it is not known which one was signed.
  return found.length === 1 && typeof value === 'string' ? value : undefined;
}

/** Compares in a time that does not depend on the place of a difference. */
function isEqual(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
