/** Flat facts about an event: ids, counts, codes. Never message content, never text from outside. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Where the backend's structured log lines go; `event` is a fixed dotted name. */
export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

const silent = (): void => {};

const line =
  (level: 'warn' | 'error') =>
  (event: string, fields?: LogFields): void => {
    process.stderr.write(`${JSON.stringify({ level, event, ...fields })}\n`);
  };

/** One JSON line per warning or error on stderr, nothing below. */
export const stderrLogger: Logger = {
  debug: silent,
  info: silent,
  warn: line('warn'),
  error: line('error'),
};

/** Says nothing. */
export const silentLogger: Logger = { debug: silent, info: silent, warn: silent, error: silent };
