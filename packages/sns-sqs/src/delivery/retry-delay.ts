const FIRST_MS = 100;
const LONGEST_MS = 5_000;

/**
 * Milliseconds to wait before try number `failures` + 1: between half of and the whole of a time
 * that doubles from 100 ms to 5 s. `random` is in [0, 1).
 */
export function retryDelay(failures: number, random: number): number {
  const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
  return Math.round(whole * (0.5 + random / 2));
}
