import { setMaxListeners } from 'node:events';
import type { SecureContext } from 'node:tls';
import type { Clock } from '@a2a-aws/core';
import { V03PushNotificationSerializer } from '@a2a-js/sdk/compat/v0_3/server';
import { V1PushNotificationSerializer } from '@a2a-js/sdk/server';
import { CallPlaces } from './call-places.ts';
import { configFault, hostOf } from './config-rules.ts';
import { type Answer, exchange, failureOf, type Posted } from './exchange.ts';
import { type GuardedAgents, guardedAgents } from './guarded-agent.ts';
import { HostAddresses, type ResolveHost } from './host-addresses.ts';
import type { PushSettings } from './push-settings.ts';
import { retryAfterMs } from './retry-after.ts';
import type { WebhookCall, WebhookOutcome } from './webhook-call.ts';
import { sdkHeaders, WebhookSigner } from './webhook-headers.ts';

export interface WebhookDeps {
  readonly clock: Clock;
  readonly settings: PushSettings;
  /** @default DNS */
  readonly resolve?: ResolveHost | undefined;
  /** The certificates to trust. @default those of node */
  readonly secureContext?: SecureContext | undefined;
}

const CURRENT = new V1PushNotificationSerializer();
const LEGACY = new V03PushNotificationSerializer();

/** Statuses below 500 that say that a later attempt may succeed. */
const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * Posts events to the URLs that clients gave, as the SDK's `DefaultPushNotificationSender` does, but
 * only to allowed addresses and without redirects. It logs no text of a client or a receiver.
 */
export class Webhooks {
  readonly #deps: WebhookDeps;
  readonly #places: CallPlaces;
  readonly #signer: WebhookSigner;
  readonly #agents: GuardedAgents;
  readonly #addresses = new HostAddresses();

  constructor(deps: WebhookDeps) {
    const { settings, resolve, secureContext } = deps;
    this.#deps = deps;
    this.#places = new CallPlaces(settings);
    this.#signer = new WebhookSigner(settings.signingSecret);
    const { allowPrivateAddresses } = settings;
    this.#agents = guardedAgents({
      allowPrivateAddresses,
      resolve: resolve ?? ((host) => this.#addresses.resolve(host)),
      secureContext,
    });
  }

  /**
   * Attempts a call once, as soon as a place is free. The time-out begins then. Never rejects; an
   * abort of the signal is the failure `stopped`.
   */
  async post(call: WebhookCall, signal: AbortSignal): Promise<WebhookOutcome> {
    // Another release, or another program, may have stored it.
    const fault = configFault(call.config, this.#deps.settings);
    if (fault) return { kind: 'refused', reason: fault.reason };
    const url = new URL(call.config.url);
    // One signal may stop many calls.
    setMaxListeners(0, signal);
    const place = await this.#places.acquire(hostOf(url), signal, () => this.#posted(call, url));
    if (!place) return { kind: 'retry', reason: 'stopped' };
    let outcome: WebhookOutcome = { kind: 'refused', reason: 'unserializable' };
    try {
      if (place.body) outcome = await this.#attempt(place.body, signal);
      return outcome;
    } finally {
      place.release(hasAnswered(outcome));
    }
  }

  /** Closes the connections and gives up questions to name servers. Later calls work as before. */
  close(): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
    this.#addresses.cancel();
  }

  #posted(
    { config, event, task, id, protocolVersion }: WebhookCall,
    url: URL,
  ): (Posted & { readonly length: number }) | undefined {
    try {
      const serializer = /^0\.3(?:\.|$)/.test(protocolVersion ?? '') ? LEGACY : CURRENT;
      const { body, contentType } = serializer.serialize(event, task);
      const signed = this.#signer.headers(id, this.#deps.clock.now(), body);
      const headers = { ...sdkHeaders(config, contentType), ...signed };
      const bytes = Buffer.from(body);
      return { url, headers, body: bytes, length: bytes.length };
    } catch {
      return undefined;
    }
  }

  async #attempt(posted: Posted, signal: AbortSignal): Promise<WebhookOutcome> {
    const { clock, settings } = this.#deps;
    const attempt = new AbortController();
    const abort = (): void => attempt.abort();
    const cancelTimer = clock.after(settings.timeoutMs, abort);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    try {
      return outcomeOf(await exchange(posted, this.#agents, attempt.signal), clock.now());
    } catch (error) {
      if (signal.aborted) return { kind: 'retry', reason: 'stopped' };
      if (attempt.signal.aborted) return { kind: 'retry', reason: 'timeout' };
      const reason = failureOf(error);
      return { kind: reason === 'forbidden-address' ? 'refused' : 'retry', reason };
    } finally {
      cancelTimer();
      signal.removeEventListener('abort', abort);
    }
  }
}

function outcomeOf({ status, retryAfter }: Answer, now: number): WebhookOutcome {
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  if (status >= 300 && status < 400) return { kind: 'refused', reason: 'redirect' };
  const reason = `http-${status}` as const;
  if (status < 500 && !PASSING_STATUSES.has(status)) return { kind: 'refused', reason };
  const afterMs = retryAfterMs(retryAfter, now);
  return { kind: 'retry', reason, ...(afterMs !== undefined && { afterMs }) };
}

/** Returns whether the receiver has answered in time, whatever it said. */
function hasAnswered(outcome: WebhookOutcome): boolean {
  if (outcome.kind === 'delivered') return true;
  return outcome.reason === 'redirect' || outcome.reason.startsWith('http-');
}
