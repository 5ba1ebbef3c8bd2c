/**
 * Milliseconds of the machine's monotonic clock: one clock for all its processes, and nobody sets it
 * while the benchmark runs.
 */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}
