/** Matches a date, or a date with a time and an optional offset, in ISO 8601. */
const ISO = /^(?:\d{4}|[+-]\d{6})-\d\d-\d\d(T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/;

/**
 * Returns a status' timestamp in milliseconds since the epoch; `undefined` if the text is not an
 * ISO 8601 date. The result is the same on every machine: a time without an offset is UTC, not
 * local time.
 */
export function statusTime(timestamp: string | undefined): number | undefined {
  const text = timestamp?.toUpperCase() ?? '';
  const [whole, time, offset] = ISO.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const ms = Date.parse(time !== undefined && offset === undefined ? `${text}Z` : text);
  return Number.isNaN(ms) ? undefined : ms;
}
