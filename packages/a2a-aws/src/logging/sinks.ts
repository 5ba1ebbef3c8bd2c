import type { Logger, LogLevel, LogSink } from '@a2a-aws/core';
import { jsonLogger, loggerOf, stderrLines } from '@a2a-aws/core/internal';

/** As much of a logger of pino as is used: its methods take the fields first. */
export interface PinoLike {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  bindings(): object;
}

/**
 * The backend's lines on a logger of pino, which adds the time itself. `createBackend` does this for
 * a logger that has pino's `bindings` and `child`.
 *
 * @example
 * ```ts
 * import { createBackend, pinoLogger } from 'a2a-aws';
 * import { pino } from 'pino';
 *
 * const backend = createBackend({ logger: pinoLogger(pino({ name: 'agent' })) });
 * ```
 */
export function pinoLogger(pino: PinoLike): Logger {
  return loggerOf((level, event, fields) => {
    const { time: _, ...others } = fields ?? {};
    pino[level](others, event);
  });
}

/**
 * The logger that lines are handed to: JSON lines for `console` and for none, {@link pinoLogger} for a
 * logger of pino. Loggers that take a message and then fields (winston, Powertools) stay as they are.
 */
export function sinkOf(logger: LogSink | undefined): LogSink {
  if (!logger) return stderrLines;
  // Looked up for each line: hosts and tests replace its methods.
  if (logger === console) return jsonLogger((line, level) => console[level](line));
  return isPino(logger) ? pinoLogger(logger) : logger;
}

/** A logger with levels of its own gets every line, unless a level is set here. */
export function defaultLevel(logger: LogSink | undefined): LogLevel {
  return !logger || logger === console ? 'lifecycle' : 'debug';
}

function isPino(logger: LogSink): logger is LogSink & PinoLike {
  const { bindings, child } = logger as { readonly bindings?: unknown; readonly child?: unknown };
  return typeof bindings === 'function' && typeof child === 'function';
}
