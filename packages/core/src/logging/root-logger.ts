import { type Clock, systemClock } from '../ports/clock.ts';
import { type LogFields, type Logger, type LogSink, loggerOf } from '../ports/logger.ts';
import { isLogged, type LogLevel } from './log-level.ts';

export interface RootLoggerOptions {
  readonly clock: Clock;
  readonly level: LogLevel;
}

/** The longest text of a field, in characters. Stack frames may be longer. */
const MAX_TEXT = 512;
const MAX_FRAMES = 4_096;

/**
 * Returns the logger that all lines pass on their way to `sink`. It adds the time, drops the lines
 * that the level excludes, and bounds every field: no text can end a line, start another, or grow
 * without limit. If the sink throws or rejects, only that line is lost.
 */
export function rootLogger(sink: LogSink, { clock, level }: RootLoggerOptions): Logger {
  return loggerOf((method, event, fields) => {
    if (!isLogged(level, method, event)) return;
    try {
      const time = new Date(clock.now()).toISOString();
      const outcome: unknown = sink[method](event, { time, ...bounded(fields) });
      if (outcome instanceof Promise) outcome.catch(() => {});
    } catch {
      // A failed line must not fail a run.
    }
  });
}

/**
 * Returns a logger that writes each line as one JSON object: time, level, event, and its fields.
 */
export function jsonLogger(write: (line: string, level: keyof Logger) => void): Logger {
  return loggerOf((level, event, fields) => {
    const { time = new Date().toISOString(), ...others } = fields ?? {};
    write(JSON.stringify({ time, level, event, ...others }), level);
  });
}

/** Writes JSON lines of every level on stderr: see {@link rootLogger}. */
export const stderrLines: Logger = jsonLogger((line) => process.stderr.write(`${line}\n`));

/** Writes JSON lines on stderr: warnings, errors, and the instance's lifecycle. */
export const stderrLogger: Logger = rootLogger(stderrLines, {
  clock: systemClock,
  level: 'lifecycle',
});

function bounded(fields: LogFields = {}): LogFields {
  const kept: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === 'string') kept[name] = printable(value, name);
    else if (typeof value === 'number' || typeof value === 'boolean') kept[name] = value;
  }
  return kept;
}

function printable(text: string, name: string): string {
  const longest = name === 'frames' ? MAX_FRAMES : MAX_TEXT;
  return text.slice(0, longest).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
}
