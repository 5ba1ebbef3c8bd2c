import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { invalid } from '../service-fault.ts';
import type { StoredItem } from './attribute.ts';

const TOKEN = /\s*(<>|<=|>=|[=<>(),+-]|[#:]?\w+)/y;

/** The meaning of an expression's placeholders. A request may use each in several expressions. */
export class Placeholders {
  readonly #names: Readonly<Record<string, string>>;
  readonly #values: StoredItem;
  readonly #unused: Set<string>;

  constructor(names: Readonly<Record<string, string>> = {}, values: StoredItem = {}) {
    this.#names = names;
    this.#values = values;
    this.#unused = new Set([...Object.keys(names), ...Object.keys(values)]);
  }

  name(token: string): string {
    if (!token.startsWith('#')) return token;
    this.#unused.delete(token);
    return this.#names[token] ?? unknown('name', token);
  }

  value(token: string): AttributeValue {
    this.#unused.delete(token);
    return this.#values[token] ?? unknown('value', token);
  }

  /** Fails if one was given that no expression used, as DynamoDB does. */
  assertAllUsed(): void {
    const [unused] = this.#unused;
    if (unused) throw invalid(`Value provided but not used in expressions: ${unused}`);
  }
}

/** Reads an expression token by token. */
export class ExpressionReader {
  readonly placeholders: Placeholders;
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(text: string, placeholders: Placeholders) {
    this.placeholders = placeholders;
    this.#tokens = tokensOf(text);
  }

  get isDone(): boolean {
    return this.#at >= this.#tokens.length;
  }

  /** Takes the next token if it is this one; keywords in any case. */
  takes(token: string): boolean {
    const next = this.#tokens[this.#at];
    if (next !== token && next?.toUpperCase() !== token.toUpperCase()) return false;
    this.#at += 1;
    return true;
  }

  expect(token: string): void {
    if (!this.takes(token)) throw this.wrong();
  }

  next(): string {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw this.wrong();
    this.#at += 1;
    return token;
  }

  /** Nothing may follow. */
  end(): void {
    if (!this.isDone) throw this.wrong();
  }

  wrong(): Error {
    return invalid(`Syntax error in an expression near token ${this.#at}.`);
  }
}

/** The same few expressions are read again and again. */
const known = new Map<string, readonly string[]>();
const MAX_KNOWN = 1_000;

function tokensOf(text: string): readonly string[] {
  const before = known.get(text);
  if (before) return before;
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  const end = text.trimEnd().length;
  while (TOKEN.lastIndex < end) {
    const found = TOKEN.exec(text);
    if (!found) throw invalid('An expression holds a character that this fake does not know.');
    tokens.push(found[1] as string);
  }
  if (known.size < MAX_KNOWN) known.set(text, tokens);
  return tokens;
}

function unknown(kind: string, token: string): never {
  throw invalid(`An expression attribute ${kind} is not defined: ${token}`);
}
