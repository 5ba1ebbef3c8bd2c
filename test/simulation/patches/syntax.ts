import { parseSync } from 'oxc-parser';

/** A node of a syntax tree (ESTree): without comments, parentheses, quotes, semicolons. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** Parses TypeScript. Throws if the text has a syntax error. */
export function parse(path: string, text: string): readonly SyntaxNode[] {
  const { program, errors } = parseSync(path, text, { lang: 'ts', preserveParens: false });
  if (errors[0]) throw new Error(`${path}: ${errors[0].message}\n${errors[0].codeframe ?? ''}`);
  return program.body as unknown as readonly SyntaxNode[];
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value;
}

/** Returns the nodes directly below this one, in the order of the text. */
export function children(node: SyntaxNode): SyntaxNode[] {
  return Object.values(node).flatMap((value) =>
    isNode(value) ? [value] : Array.isArray(value) ? value.filter(isNode) : [],
  );
}

/** Nodes that add a type, or nothing, to the one expression in them. */
const WRAPPERS: ReadonlySet<string> = new Set([
  'ChainExpression',
  'TSAsExpression',
  'TSNonNullExpression',
  'TSSatisfiesExpression',
]);

/** Returns the node that counts: a block of one statement is that statement, `a as T` is `a`. */
export function unwrapped(node: SyntaxNode): SyntaxNode {
  const { type, expression, body } = node;
  if (WRAPPERS.has(type) && isNode(expression)) return unwrapped(expression);
  if (type !== 'BlockStatement' || !Array.isArray(body) || body.length !== 1) return node;
  const only = body[0] as SyntaxNode;
  return only.type.endsWith('Declaration') ? node : unwrapped(only);
}
