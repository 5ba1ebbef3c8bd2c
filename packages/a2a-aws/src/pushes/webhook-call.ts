import type { StreamResponse, Task, TaskPushNotificationConfig } from '@a2a-js/sdk';

/** One event for one configuration. */
export interface WebhookCall {
  readonly config: TaskPushNotificationConfig;
  readonly event: StreamResponse;
  readonly task?: Task | undefined;
  /**
   * The same for every attempt at this event and configuration: 1 to 200 of `[A-Za-z0-9._-]`. No part of
   * it may be chosen by a client, because signatures separate it from the time by a dot.
   */
  readonly id: string;
  /** The protocol version that created the configuration, and whose format it receives. @default `1.0` */
  readonly protocolVersion?: string | undefined;
}

/** Why an attempt failed: a fixed text without content of a client or a receiver. */
export type PushFailure =
  | `http-${number}`
  /** The receiver did not answer in time. */
  | 'timeout'
  /** The name has no address, or the connection failed. */
  | 'unreachable'
  /** The certificate is not valid for the host. */
  | 'certificate'
  /** The receiver answered with something other than HTTP. */
  | 'malformed-answer'
  | 'forbidden-address'
  | 'redirect'
  /** The configuration violates a rule for its URL, token or authentication. */
  | 'forbidden-config'
  /** The event cannot be written in the format of the configuration. */
  | 'unserializable'
  /** The caller's signal aborted. */
  | 'stopped';

/** The result of an attempt. */
export type WebhookOutcome =
  | { readonly kind: 'delivered' }
  /** A later attempt may succeed; `afterMs` is the time that the receiver asked for. */
  | { readonly kind: 'retry'; readonly reason: PushFailure; readonly afterMs?: number }
  /** No later attempt will succeed. */
  | { readonly kind: 'refused'; readonly reason: PushFailure };
