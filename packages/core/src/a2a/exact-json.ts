import { BackendError } from '../errors.ts';

/**
 * How deep a stored entry's JSON may nest, its envelope of at most 10 levels included. What recurses
 * over values (the SDK, `JSON.stringify`, other languages' protobuf parsers: 100) is safe below it.
 */
export const MAX_JSON_LEVELS = 110;

const INVALID = 'What is to be stored cannot be written as A2A JSON.';

/** A value as everybody reads it from its JSON text. */
export interface ExactJson<T> {
  readonly text: string;
  readonly value: T;
}

/**
 * The JSON text of a value, and the value as everybody reads it from there. Throws `invalid-event`
 * for what would be read as something else: what JSON cannot hold, what nests too deep, fields that
 * are not of A2A's types.
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
 * Parses JSON that nests at most so many levels. Throws for anything else before it is parsed: deep
 * nesting costs a hundred times the memory of its text.
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

/** Where the string that begins at `from` ends; the end of the text if it does not. */
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

/** True if parsed JSON nests at most so many levels. */
export function isShallow(json: unknown, levels: number = MAX_JSON_LEVELS): boolean {
  if (typeof json !== 'object' || json === null) return true;
  if (levels === 0) return false;
  const values = Array.isArray(json) ? json : Object.values(json);
  return values.every((value) => isShallow(value, levels - 1));
}

/**
 * True if `read`, which came out of a text, is what `given` was. NaN, a Date, a Map, a function or a
 * hole in an array have become something else. A property that is undefined is no property.
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
  // Not by its prototype: a test runner's realm has one of its own.
  if (Object.prototype.toString.call(given) !== '[object Object]') return false;
  let missing = 0;
  for (const value of Object.values(read)) if (value !== undefined) missing += 1;
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(read, key) || !isSameJson(value, Reflect.get(read, key))) return false;
    missing -= 1;
  }
  return missing === 0;
}
