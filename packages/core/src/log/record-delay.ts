/** The facts that decide how long the events of a task wait for more, to share one record. */
export interface RecordDelayFacts {
  /** See {@link RecordTimerDeps.demand}: records a second. */
  readonly demand: number;
  /** How many records of this task followed one another in a burst. */
  readonly streak: number;
  /** Milliseconds since the last record of this task was begun; `Infinity` if there is none. */
  readonly sinceLastMs: number;
  /** The size of the events that wait, as JSON. */
  readonly waitingBytes: number;
  /** The share of the instance's backlog that is in use, 0 to 1. */
  readonly fullness: number;
  /** The longest delay, in milliseconds; 0 for none. */
  readonly maxDelayMs: number;
}

/** The longest delay by default, in milliseconds. */
export const DEFAULT_MAX_RECORD_DELAY_MS = 250;

/** So many records a second cost an instance little, and delay no event. */
const FREE_DEMAND = 100;
/** Each record a second more delays the events of each task by this; milliseconds. */
const MS_PER_RECORD = 0.2;

/** The interval between the first records of a burst; it doubles up to the last one. */
const FIRST_INTERVAL_MS = 5;
const LAST_INTERVAL_MS = 50;

/** DynamoDB, SNS and SQS bill larger records by their bytes, so more events make them no cheaper. */
export const ENOUGH_BYTES: number = 64 * 1024;
/** A backlog that is fuller than this must shrink. */
const FULL_ENOUGH = 0.25;

/**
 * Returns for how many milliseconds the events of a task may wait for more, before a record of them
 * is written. The time between two records of a task grows with the demand on the instance, and, to
 * a lesser degree, while a single task publishes without a pause.
 */
export function recordDelay(facts: RecordDelayFacts): number {
  const { demand, streak, sinceLastMs, waitingBytes, fullness, maxDelayMs } = facts;
  if (waitingBytes >= ENOUGH_BYTES || fullness > FULL_ENOUGH) return 0;
  const byDemand = (demand - FREE_DEMAND) * MS_PER_RECORD;
  const interval = Math.min(maxDelayMs, Math.max(byDemand, streakInterval(streak)));
  return Math.max(0, interval - sinceLastMs);
}

/** Longer delays than this end with those of other tasks. Milliseconds. */
const LONG_DELAY_MS = 100;
const TICK_MS = 25;

/**
 * Shortens a long delay, so that it ends at a multiple of 25 ms. The records of many tasks are then
 * written in the same turn of the event loop, which saves CPU time. Both arguments in milliseconds.
 */
export function alignedDelay(delay: number, nowMs: number): number {
  return delay < LONG_DELAY_MS ? delay : delay - ((nowMs + delay) % TICK_MS);
}

function streakInterval(streak: number): number {
  return streak === 0 ? 0 : Math.min(LAST_INTERVAL_MS, FIRST_INTERVAL_MS * 2 ** (streak - 1));
}
