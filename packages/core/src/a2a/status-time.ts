/** A date, or a date with a time and perhaps an offset, as ISO 8601 writes them. */
const ISO = /^(?:\d{4}|[+-]\d{6})-\d\d-\d\d(T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/;

/**
 * A status' timestamp in milliseconds since the epoch; nothing for text that is no ISO 8601 date.
 * The same on every machine: a time without an offset is UTC, not that machine's own.
 */
export function statusTime(timestamp: string | undefined): number | undefined {
  const text = timestamp?.toUpperCase() ?? '';
  const [whole, time, offset] = ISO.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const ms = Date.parse(time !== undefined && offset === undefined ? `${text}Z` : text);
  return Number.isNaN(ms) ? undefined : ms;
}
