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

/**
 * Returns a logger that adds these fields to its lines; a line's own fields take precedence. A
 * function is called for each line.
 */
export function withFields(logger: Logger, fields: LogFields | (() => LogFields)): Logger {
  return logger === silentLogger ? logger : new FieldsLogger(logger, fields);
}

/** Returns the logger that {@link withFields} was first called with, or `logger` itself. */
export function baseLogger(logger: Logger): Logger {
  return logger instanceof FieldsLogger ? logger.base : logger;
}

/** A class, because each open log has one: {@link loggerOf} makes five functions. */
class FieldsLogger implements Logger {
  readonly #logger: Logger;
  readonly #fields: LogFields | (() => LogFields);

  constructor(logger: Logger, fields: LogFields | (() => LogFields)) {
    this.#logger = logger;
    this.#fields = fields;
  }

  get base(): Logger {
    return baseLogger(this.#logger);
  }

  debug(event: string, fields?: LogFields): void {
    this.#logger.debug(event, this.#with(fields));
  }

  info(event: string, fields?: LogFields): void {
    this.#logger.info(event, this.#with(fields));
  }

  warn(event: string, fields?: LogFields): void {
    this.#logger.warn(event, this.#with(fields));
  }

  error(event: string, fields?: LogFields): void {
    this.#logger.error(event, this.#with(fields));
  }

  #with(own: LogFields | undefined): LogFields {
    const fields = typeof this.#fields === 'function' ? this.#fields() : this.#fields;
    return { ...fields, ...own };
  }
}
