/** What an instance knows of the doorbell that it hears. */
export interface DoorbellView {
  /** What it is heard at no longer exists. */
  readonly isLost: boolean;
  /** It was heard lately. */
  readonly isHeard: boolean;
  /** For how long no ring has come back though the transport took them; milliseconds. */
  readonly silentMs: number;
}

/** What is known when the next step of an instance's doorbell is decided. */
export interface DoorbellFacts {
  /** Undefined while the instance hears no doorbell. */
  readonly doorbell: DoorbellView | undefined;
  /** Since it was provisioned; milliseconds. */
  readonly ageMs: number;
  /** Since the last step; milliseconds. */
  readonly triedMs: number;
  /** Steps since a doorbell was heard last. */
  readonly tries: number;
  /** The code with which the last step failed. */
  readonly fault: string | undefined;
  /** In [0, 1). */
  readonly random: number;
}

/**
 * - `provision`: make what is missing, under the name it has
 * - `replace`: make another one, under a new name
 */
export type DoorbellStep = 'wait' | 'provision' | 'replace';

/** A doorbell that is silent for so long may have been lost: longer than messages usually take. */
export const SILENT_MS = 12_000;
/** A new filter policy may need so long (Amazon SNS, "Subscription filter policies"); milliseconds. */
export const SETTLING_MS: number = 15 * 60_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;

/**
 * Decides what an instance does about its doorbell.
 *
 * Provisioning again repairs a lost subscription and finds out what was changed. A doorbell that is
 * silent although nothing is missing is replaced only after {@link SETTLING_MS}: SNS may be slow.
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

/** Milliseconds between two steps: doubling, with jitter; longer where nothing seems to be missing. */
function retryMs(tries: number, isSilent: boolean, random: number): number {
  if (tries === 0) return 0;
  const longest = isSilent ? SETTLING_MS : LONGEST_RETRY_MS;
  const whole = Math.min(longest, FIRST_RETRY_MS * 2 ** Math.min(tries - 1, 20));
  return whole / 2 + (random * whole) / 2;
}
