import { BackendError } from '../errors.ts';

/**
 * The maximum nesting of a stored entry's JSON, including its envelope of at most 10 levels. Code
 * that recurses over values (the SDK, `JSON.stringify`, protobuf parsers of other languages with a
 * limit of 100) is safe below it.
 */
export const MAX_JSON_LEVELS = 110;

const INVALID = 'The value cannot be written as A2A JSON.';

/** A value as every reader gets it from its JSON text. */
export interface ExactJson<T> {
  readonly text: string;
  readonly value: T;
}

/**
 * Returns the JSON text of a value, and the value as every reader gets it from that text. Throws
 * `invalid-event` for a value that would be read differently: one that JSON cannot hold, that nests
 * too deep, or that has fields outside A2A's types.
 */
export function exactJson<T>(
  given: T,
  write: (value: T) => unknown,
  read: (json: unknown) => T,
): ExactJson<T> {
  try {
    const json = write(given);
    const text = JSON.stringify(json);
    const parsed: unknown = JSON.parse(text);
    if (isShallow(parsed)) {
      const value = read(parsed);
      if (isSameJson(json, write(value))) return { text, value };
    }
  } catch (cause) {
    throw new BackendError('invalid-event', INVALID, { cause });
  }
  throw new BackendError('invalid-event', INVALID);
}

/**
 * Parses JSON that nests at most `levels` levels. Throws for anything else before parsing it,
 * because deep nesting costs a hundred times the memory of its text.
 */
export function parseShallow(text: string, levels: number = MAX_JSON_LEVELS): unknown {
  if (nestsDeeper(text, levels)) throw new SyntaxError('The JSON nests too deep.');
  return JSON.parse(text);
}

function nestsDeeper(text: string, levels: number): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
    } else if (code === OPEN_ARRAY || code === OPEN_OBJECT) {
      depth += 1;
      if (depth > levels) return true;
    } else if (code === CLOSE_ARRAY || code === CLOSE_OBJECT) {
      depth -= 1;
    }
  }
  return false;
}

/**
 * Returns the offset of the closing quote of the string that begins at `from`; the length of the
 * text if there is none.
 */
function endOfString(text: string, from: number): number {
  for (let end = text.indexOf('"', from + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}

const [QUOTE, BACKSLASH, OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [
  34, 92, 91, 93, 123, 125,
];

/** Returns true if parsed JSON nests at most `levels` levels. */
export function isShallow(json: unknown, levels: number = MAX_JSON_LEVELS): boolean {
  if (typeof json !== 'object' || json === null) return true;
  if (levels === 0) return false;
  if (Array.isArray(json)) return json.every((value) => isShallow(value, levels - 1));
  return Object.keys(json).every((key) => isShallow(Reflect.get(json, key), levels - 1));
}

/**
 * Returns true if `read`, which was parsed from a text, equals `given`. NaN, a Date, a Map, a
 * function or a hole in an array does not. A property that is `undefined` counts as absent.
 */
function isSameJson(given: unknown, read: unknown): boolean {
  if (typeof read !== 'object' || read === null) return given === read;
  if (typeof given !== 'object' || given === null) return false;
  if (Array.isArray(read)) {
    return (
      Array.isArray(given) &&
      given.length === read.length &&
      read.every((value, at) => isSameJson(given[at], value))
    );
  }
  // Does not compare prototypes, because a test runner's realm has its own.
  if (Object.prototype.toString.call(given) !== '[object Object]') return false;
  let missing = 0;
  for (const key of Object.keys(read)) if (Reflect.get(read, key) !== undefined) missing += 1;
  for (const key of Object.keys(given)) {
    const value: unknown = Reflect.get(given, key);
    if (value === undefined) continue;
    if (!Object.hasOwn(read, key) || !isSameJson(value, Reflect.get(read, key))) return false;
    missing -= 1;
  }
  return missing === 0;
}
