/** How far apart the looks for logs that are due are, in milliseconds; a read is late by as much. */
export const TICK_MS = 250;
/** While the doorbell is proven alive, an open log is read this often, in milliseconds. */
export const RECONCILE_MS = 15_000;
/** While it is not, this often: a second, less the tick. */
export const RECONCILE_UNPROVEN_MS = 750;
/** The log of a run that nobody reads: its runner is to hear of a cancel before its deadline. */
const RECONCILE_RUN_MS = 4_000;

/** As {@link TICK_MS}, where the transport does not ring. */
export const POLL_TICK_MS = 50;
/** The first read of a tapped log there, and the next one after news. */
const POLL_SOON_MS = 50;
/** The longest that any open log there goes unread: a second, less the tick. */
export const POLL_LATE_MS = 950;

/** What is known of an open log. */
export interface Interest {
  /** Somebody here waits for what others append. */
  readonly attended: boolean;
  /** Runs of this instance that are open. */
  readonly runs: number;
  /** Reads in a row that found nothing. */
  readonly quietReads: number;
}

/**
 * Milliseconds that a log may go unread where the transport rings. Without a reader nothing proves
 * the doorbell alive: the log of a run is read a little more often instead.
 */
export function reconcileInterval(
  proven: boolean,
  { attended, runs }: Pick<Interest, 'attended' | 'runs'>,
): number {
  if (attended && !proven) return RECONCILE_UNPROVEN_MS;
  return !attended && runs > 0 ? RECONCILE_RUN_MS : RECONCILE_MS;
}

/**
 * Milliseconds that a log may go unread where nothing rings: doubling from read to read while there
 * is no news. A run without a reader only has to learn that it is to stop.
 */
export function pollInterval({ attended, quietReads }: Interest): number {
  return attended ? Math.min(POLL_LATE_MS, POLL_SOON_MS * 2 ** quietReads) : POLL_LATE_MS;
}
