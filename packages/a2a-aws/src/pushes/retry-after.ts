/** The longest wait that a receiver can ask for, in milliseconds: a day. */
const LONGEST_MS = 86_400_000;

/** Returns the milliseconds that a `Retry-After` header asks for; `undefined` if it is malformed. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined || header.length > 40) return undefined;
  const text = header.trim();
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : dateMs(text) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), LONGEST_MS);
}

/** Returns the time of a date in one of HTTP's formats; `NaN` for other texts. */
function dateMs(text: string): number {
  return /^[A-Z][a-z]{2,8}, .* GMT$/.test(text) ? Date.parse(text) : Number.NaN;
}
