/**
 * Flat facts about an event: ids, counts, codes. Never contains message content or text from
 * outside.
 */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export type LogMethod = 'debug' | 'info' | 'warn' | 'error';

export const LOG_METHODS = ['debug', 'info', 'warn', 'error'] as const;

/** The destination of log lines: any logger whose methods take a message and then fields. */
export interface LogSink {
  debug(event: string, fields: LogFields): void;
  info(event: string, fields: LogFields): void;
  warn(event: string, fields: LogFields): void;
  error(event: string, fields: LogFields): void;
}

/** Receives the backend's structured log lines; `event` is a fixed dotted name. */
export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** Returns a logger that passes every line to one function. */
export function loggerOf(
  write: (level: LogMethod, event: string, fields: LogFields | undefined) => void,
): Logger {
  return {
    debug: (event, fields) => write('debug', event, fields),
    info: (event, fields) => write('info', event, fields),
    warn: (event, fields) => write('warn', event, fields),
    error: (event, fields) => write('error', event, fields),
  };
}

/** Logs nothing. */
export const silentLogger: Logger = loggerOf(() => {});

const bases = new WeakMap<Logger, Logger>();

/**
 * Returns a logger that adds these fields to its lines; a line's own fields take precedence. A
 * function is called for each line.
 */
export function withFields(logger: Logger, fields: LogFields | (() => LogFields)): Logger {
  if (logger === silentLogger) return logger;
  const bound = loggerOf((level, event, own) => {
    logger[level](event, { ...(typeof fields === 'function' ? fields() : fields), ...own });
  });
  bases.set(bound, baseLogger(logger));
  return bound;
}

/** Returns the logger that {@link withFields} was first called with, or `logger` itself. */
export function baseLogger(logger: Logger): Logger {
  return bases.get(logger) ?? logger;
}
