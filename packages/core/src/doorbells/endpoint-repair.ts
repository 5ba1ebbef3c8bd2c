import { type BackoffRange, backoff } from '../retry.ts';

/** The state of the endpoint at which an instance receives doorbells. */
export interface EndpointView {
  /** It no longer exists. */
  readonly isLost: boolean;
  /** A probe has arrived lately. */
  readonly isReceiving: boolean;
  /** For how long the transport has taken probes of which none has arrived; milliseconds. */
  readonly silentMs: number;
}

/** The facts that decide the next step for an instance's endpoint. */
export interface EndpointFacts {
  /** `undefined` while the instance has none. */
  readonly endpoint: EndpointView | undefined;
  /** Milliseconds since it was provisioned. */
  readonly ageMs: number;
  /** Milliseconds since the last step. */
  readonly triedMs: number;
  /** The number of steps since a doorbell last arrived. */
  readonly tries: number;
  /** The code with which the last step failed. */
  readonly fault: string | undefined;
  /** In [0, 1). */
  readonly random: number;
}

/**
 * - `provision`: create missing parts under the present name
 * - `replace`: create another endpoint under a new name
 */
export type EndpointStep = 'wait' | 'provision' | 'replace';

/** After this silence an endpoint may have been lost: messages usually take less; milliseconds. */
export const SILENT_MS = 12_000;
/** A new filter policy may take this long (Amazon SNS, "Subscription filter policies"); milliseconds. */
export const SETTLING_MS: number = 15 * 60_000;
/** The time between steps if a part is missing. */
const REPAIR_RANGE: BackoffRange = { firstMs: 1_000, longestMs: 30_000 };
/** The same if no part seems to be missing. */
const SILENT_RANGE: BackoffRange = { ...REPAIR_RANGE, longestMs: SETTLING_MS };

/**
 * Decides the next step for an instance's endpoint.
 *
 * Provisioning again repairs a lost subscription and detects changes. An endpoint that is silent
 * although no part is missing is replaced only after {@link SETTLING_MS}, because SNS may be slow.
 */
export function endpointStep(facts: EndpointFacts): EndpointStep {
  const { endpoint, ageMs, triedMs, tries, fault, random } = facts;
  const isSilent = endpoint !== undefined && endpoint.silentMs >= SILENT_MS;
  if (endpoint && !endpoint.isLost && !isSilent && fault === undefined) return 'wait';
  const range = isSilent && !endpoint.isLost ? SILENT_RANGE : REPAIR_RANGE;
  if (tries > 0 && triedMs < backoff(tries, random, range)) return 'wait';
  if (endpoint?.isLost || fault === 'name-taken') return 'replace';
  const isLongSilent = isSilent && endpoint.silentMs >= SETTLING_MS && ageMs >= SETTLING_MS;
  return isLongSilent ? 'replace' : 'provision';
}
