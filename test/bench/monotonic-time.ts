/**
 * Returns the milliseconds of the machine's monotonic clock. All its processes share this clock,
 * and it is never set.
 */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}
