/** So many messages a second may each have a call of their own. */
const FREE_PER_SECOND = 50;
/** Each message a second more lengthens the time between two calls by this; milliseconds. */
const MS_PER_MESSAGE = 0.25;
/** The longest time between two calls, in milliseconds. */
const MAX_COLLECT_MS = 25;

/**
 * Returns the time between two calls in milliseconds, at this {@link CallDemand}. Messages that
 * come in between share the next call, which costs its sender and its receiver about a millisecond of CPU
 * each.
 */
export function collectTime(perSecond: number): number {
  const byRate = (perSecond - FREE_PER_SECOND) * MS_PER_MESSAGE;
  return Math.min(MAX_COLLECT_MS, Math.max(0, Math.round(byRate)));
}
