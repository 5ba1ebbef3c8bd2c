import type { LogMethod } from '../ports/logger.ts';

/** The levels, from the fewest lines to the most. */
export const LOG_LEVELS = ['error', 'warn', 'lifecycle', 'info', 'debug'] as const;

/**
 * The lines that are logged. `lifecycle` stands for warnings, errors, and the info lines about the
 * instance itself (its start and stop, take-overs, cancels, recoveries), but not those about each
 * run (`run.*`).
 */
export type LogLevel = (typeof LOG_LEVELS)[number];

const RANK: Readonly<Record<LogLevel, number>> = {
  error: 0,
  warn: 1,
  lifecycle: 2,
  info: 3,
  debug: 4,
};

/** Returns true if a line of this method and event is logged at `level`. */
export function isLogged(level: LogLevel, method: LogMethod, event: string): boolean {
  const needed = method === 'info' && !event.startsWith('run.') ? 'lifecycle' : method;
  return RANK[level] >= RANK[needed];
}
