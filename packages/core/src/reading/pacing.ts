/** How far apart the looks for logs that are due are, in milliseconds; a read is late by as much. */
export const TICK_MS = 250;
/** While the doorbell is proven alive, an open log is read this often, in milliseconds. */
export const RECONCILE_MS = 15_000;
/** While it is not, this often: a second, less the tick. */
export const RECONCILE_UNPROVEN_MS = 750;

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
  /** Reads in a row that found nothing. */
  readonly quietReads: number;
}

/** Milliseconds that a log may go unread while the doorbell is proven alive, or not. */
export function reconcileInterval(proven: boolean): number {
  return proven ? RECONCILE_MS : RECONCILE_UNPROVEN_MS;
}

/**
 * Milliseconds that a log may go unread where nothing delivers: doubling from read to read while there
 * is no news. A run without a reader only has to learn that it is to stop.
 */
export function pollInterval({ attended, quietReads }: Interest): number {
  return attended ? Math.min(POLL_LATE_MS, POLL_SOON_MS * 2 ** quietReads) : POLL_LATE_MS;
}
