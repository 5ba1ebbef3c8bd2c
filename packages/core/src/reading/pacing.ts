/** How often to check for logs due for a read, in milliseconds; also the maximum delay of such a read. */
export const TICK_MS = 250;
/** How often an open log is read while the doorbell is confirmed, in milliseconds. */
export const READ_MS = 15_000;
/** How often it is read otherwise: every second, less the tick. */
export const READ_UNCONFIRMED_MS = 750;

/** As {@link TICK_MS}, if the transport does not deliver. */
export const POLL_TICK_MS = 50;
/** The delay of the first read of a tapped log then, and of the first read after news. */
const POLL_SOON_MS = 50;
/** The longest that an open log goes unread then: a second, less the tick. */
export const POLL_LATE_MS = 950;

/** The facts about an open log that decide how often it is read. */
export interface Interest {
  /** A tap, a run or a watch of this instance waits for records of others. */
  readonly attended: boolean;
  /** The number of consecutive reads that found no record. */
  readonly quietReads: number;
}

/** Returns for how many milliseconds a log may go unread if the transport delivers. */
export function readInterval(isConfirmed: boolean): number {
  return isConfirmed ? READ_MS : READ_UNCONFIRMED_MS;
}

/**
 * Returns for how many milliseconds a log may go unread if the transport does not deliver. The time
 * doubles from read to read while there is no news. A run without a reader only waits for a cancel.
 */
export function pollInterval({ attended, quietReads }: Interest): number {
  return attended ? Math.min(POLL_LATE_MS, POLL_SOON_MS * 2 ** quietReads) : POLL_LATE_MS;
}
