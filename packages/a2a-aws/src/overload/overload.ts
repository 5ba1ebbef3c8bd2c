/** The most work of an instance before it refuses new runs. */
export interface OverloadLimits {
  /**
   * How late the event loop may be, in milliseconds, for two measurements in a row. One long turn
   * is no overload.
   */
  readonly maxLagMs: number;
  /**
   * The share of the time in which the event loop may be busy, for three seconds. A loop that is never idle
   * takes one new connection in each turn, so new requests wait long before they are read. It does not
   * count while fewer than 50 runs are open. More than 1: no limit.
   */
  readonly maxBusyShare: number;
  /** Runs that may be open at once, those that are being started included. */
  readonly maxRuns: number;
  /** Runs that may be started at once. Further messages wait in their order. */
  readonly maxStarts: number;
  /**
   * How long a message waits at most to be started, in milliseconds. Later messages are refused as soon
   * as the first one has waited for half of it.
   */
  readonly maxWaitMs: number;
}

export const DEFAULT_OVERLOAD_LIMITS: OverloadLimits = {
  maxLagMs: 1_000,
  maxBusyShare: 0.98,
  maxRuns: 5_000,
  maxStarts: 32,
  maxWaitMs: 10_000,
};

/** The present work of an instance. */
export interface Load {
  /** How late the event loop is, in milliseconds. */
  readonly lagMs: number;
  /** The share of the last three seconds in which the event loop was busy, 0 to 1. */
  readonly busyShare: number;
  /** Runs that execute, that are being started, and that wait to be started. */
  readonly runs: number;
  /** How long the first message in the queue has waited to be started, in milliseconds. */
  readonly waitedMs: number;
}

/** `lag`: the event loop is late. `busy`: it is never idle. `runs`: too many are open. `starts`: they are started too slowly. */
export type OverloadReason = 'lag' | 'busy' | 'runs' | 'starts';

/** Why an instance refuses new runs. */
export interface Overload {
  readonly reason: OverloadReason;
  /** When a client may try again. */
  readonly retryAfterSeconds: number;
}

/** The shares of the limits below which an overload ends: it must not end and begin all the time. */
const CALM = 0.5;
const CALM_RUNS = 0.9;
const CALM_SHARE = 0.9;
/** With fewer open runs, other work keeps the event loop busy. */
const BUSY_RUNS = 50;
const MAX_RETRY_SECONDS = 10;

/**
 * Returns the overload of an instance with this load; `undefined` if it can start another run. `began` is
 * the reason for which the present overload began, if there is one.
 */
export function overloadOf(
  { lagMs, busyShare, runs, waitedMs }: Load,
  { maxLagMs, maxBusyShare, maxRuns, maxWaitMs }: OverloadLimits,
  began: OverloadReason | undefined,
): Overload | undefined {
  const [calm, calmRuns] = began ? [CALM, CALM_RUNS] : [1, 1];
  // An instance that can do its work may always be this busy, so it prolongs no overload of another kind.
  const [calmShare, busyRuns] = began === 'busy' ? [CALM_SHARE, BUSY_RUNS * CALM] : [1, BUSY_RUNS];
  if (lagMs >= maxLagMs * calm) return refusal('lag', (2 * lagMs) / 1_000);
  if (runs >= maxRuns * calmRuns) return refusal('runs', 2);
  if (busyShare >= maxBusyShare * calmShare && runs >= busyRuns) return refusal('busy', 2);
  if (waitedMs >= (maxWaitMs / 2) * calm) return refusal('starts', waitedMs / 1_000);
  return undefined;
}

/** Returns the refusal of a message that has waited for too long. */
export function waitedTooLong({ maxWaitMs }: OverloadLimits): Overload {
  return refusal('starts', maxWaitMs / 1_000);
}

function refusal(reason: OverloadReason, seconds: number): Overload {
  const retryAfterSeconds = Math.min(Math.max(1, Math.ceil(seconds)), MAX_RETRY_SECONDS);
  return { reason, retryAfterSeconds };
}
