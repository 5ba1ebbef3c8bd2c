import { BackendError } from '../errors.ts';
import type { LogFields } from '../ports/logger.ts';

/** The maximum numbers of logged stack frames and of logged characters of an error's message. */
const MAX_FRAMES = 12;
const MAX_MESSAGE = 500;
/** Matches a stack frame: an optional function, and a place in a file or module. */
const FRAME =
  /^at (?:[^()]{1,160} \()?(?:file:\/\/|node:|\/|[A-Za-z]:\\)[^()?#]{1,400}:\d+:\d+\)?$/;

/**
 * Returns the fields that describe an error: `code`; for a failed AWS call its operation, error
 * name (`cause`), request id and attempts; for an error that is not a {@link BackendError} its name
 * and stack frames.
 */
export function errorFields(error: unknown): LogFields {
  const known = attempt(() => (error instanceof BackendError ? error : undefined));
  if (known) return { code: known.code, ...known.details };
  return { code: 'unexpected', ...thrownFields(error) };
}

/**
 * Returns the name and the stack frames of any value that user code threw. Includes its message
 * only if `withMessage` is true, because messages may contain content. Never throws.
 */
export function thrownFields(error: unknown, withMessage = false): LogFields {
  const message = withMessage ? attempt(() => messageOf(error)) : undefined;
  return {
    error: attempt(() => nameOf(error)) ?? 'unreadable',
    frames: attempt(() => framesOf(error)),
    errorMessage: message?.slice(0, MAX_MESSAGE),
  };
}

function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return error === null ? 'null' : typeof error;
  const { name } = error;
  return typeof name === 'string' && /^[A-Za-z_$][\w$]{0,63}$/.test(name) ? name : 'Error';
}

function messageOf(error: unknown): string | undefined {
  if (error instanceof Error) return String(error.message);
  return typeof error === 'string' ? error : undefined;
}

/** Returns the stack without its first lines, which are the message. */
function framesOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || typeof error.stack !== 'string') return undefined;
  const { stack, message } = error;
  const at = typeof message === 'string' && message !== '' ? stack.indexOf(message) : -1;
  const lines = (at < 0 ? stack : stack.slice(at + message.length)).split('\n');
  const frames = lines.map((line) => line.trim()).filter((line) => FRAME.test(line));
  return frames.length > 0 ? frames.slice(0, MAX_FRAMES).join(' | ') : undefined;
}

/** Returns the result of `read`; `undefined` if it throws, as getters and proxies may. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
