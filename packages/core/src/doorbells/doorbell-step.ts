/** The state of an instance's doorbell. */
export interface DoorbellView {
  /** The endpoint that it is received at no longer exists. */
  readonly isLost: boolean;
  /** A probe has arrived lately. */
  readonly isReceiving: boolean;
  /** For how long the transport has taken probes of which none has arrived; milliseconds. */
  readonly silentMs: number;
}

/** The facts that decide the next step for an instance's doorbell. */
export interface DoorbellFacts {
  /** `undefined` while the instance has no doorbell. */
  readonly doorbell: DoorbellView | undefined;
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
 * - `replace`: create another doorbell under a new name
 */
export type DoorbellStep = 'wait' | 'provision' | 'replace';

/** After this silence a doorbell may have been lost: messages usually take less; milliseconds. */
export const SILENT_MS = 12_000;
/** A new filter policy may take this long (Amazon SNS, "Subscription filter policies"); milliseconds. */
export const SETTLING_MS: number = 15 * 60_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;

/**
 * Decides the next step for an instance's doorbell.
 *
 * Provisioning again repairs a lost subscription and detects changes. A doorbell that is silent
 * although no part is missing is replaced only after {@link SETTLING_MS}, because SNS may be slow.
 */
export function doorbellStep(facts: DoorbellFacts): DoorbellStep {
  const { doorbell, ageMs, triedMs, tries, fault, random } = facts;
  const isSilent = doorbell !== undefined && doorbell.silentMs >= SILENT_MS;
  if (doorbell && !doorbell.isLost && !isSilent && fault === undefined) return 'wait';
  if (triedMs < retryMs(tries, isSilent && !doorbell.isLost, random)) return 'wait';
  if (doorbell?.isLost || fault === 'name-taken') return 'replace';
  const isLongSilent = isSilent && doorbell.silentMs >= SETTLING_MS && ageMs >= SETTLING_MS;
  return isLongSilent ? 'replace' : 'provision';
}

/** Returns the milliseconds between two steps: doubling, with jitter; longer if no part seems missing. */
function retryMs(tries: number, isSilent: boolean, random: number): number {
  if (tries === 0) return 0;
  const longest = isSilent ? SETTLING_MS : LONGEST_RETRY_MS;
  const whole = Math.min(longest, FIRST_RETRY_MS * 2 ** Math.min(tries - 1, 20));
  return whole / 2 + (random * whole) / 2;
}
