import { children, isNode, parse, type SyntaxNode, unwrapped } from './syntax.ts';

/** The nodes that each wildcard of a pattern stands for. */
type Bindings = ReadonlyMap<string, readonly SyntaxNode[]>;

/** A place that a pattern matches. */
export interface Match {
  /** The node that `$HERE` stands for; without `$HERE`, all that the pattern matches. */
  readonly focus: SyntaxNode;
  /** The nodes around the focus, the nearest last. */
  readonly around: readonly SyntaxNode[];
  readonly bindings: Bindings;
}

const HERE = '$HERE';
/** One node: `$A`, or `$_`, which may be another one each time. */
const ONE = /^\$[A-Z_]+$/;
/** Any number of arguments, properties or statements: `$$$`, or `$$$ARGS`. */
const MANY = /^\$\$\$[A-Z]*$/;

/** Fields that say where a node is, or how it was spelled. */
const IGNORED: ReadonlySet<string> = new Set(['start', 'end', 'range', 'raw', 'shorthand']);
/** Types and modifiers: a pattern that has none matches any. */
const OPTIONAL: ReadonlySet<string> = new Set([
  'accessibility',
  'declare',
  'decorators',
  'definite',
  'override',
  'readonly',
  'returnType',
  'typeAnnotation',
  'typeArguments',
  'typeParameters',
]);

/**
 * Finds the places below `root` that a pattern matches: an expression, a statement, or several
 * statements, written in TypeScript with wildcards. `$HERE: statement` marks the part that counts.
 */
export function matches(pattern: string, root: SyntaxNode): Match[] {
  const wanted = patternOf(pattern);
  const found: Match[] = [];
  const visit = (node: SyntaxNode, around: readonly SyntaxNode[]): void => {
    for (const bindings of matchesAt(wanted, node)) found.push(matchAt(node, around, bindings));
    for (const child of children(node)) visit(child, [...around, node]);
  };
  visit(root, []);
  return found;
}

/** How the pattern matches this node; one of several statements: lists of statements in it. */
function matchesAt(pattern: readonly SyntaxNode[], node: SyntaxNode): Bindings[] {
  const tries =
    pattern.length === 1
      ? [unwrapped(node) === node ? equal(pattern[0], node, new Map()) : undefined]
      : Object.values(node)
          .filter(Array.isArray)
          .flatMap((list) => list.map((_, at) => prefix(pattern, list.slice(at), new Map())));
  return tries.filter((bindings) => bindings !== undefined);
}

/** Parses the text of a pattern, or of new code: one expression, or statements. */
export function patternOf(text: string): readonly SyntaxNode[] {
  const [scope] = parse('pattern.ts', `class $ { async *$() { for (;;) { ${text} } } }`);
  const statements = innermost(scope as SyntaxNode);
  const [only, ...more] = statements;
  return only?.type === 'ExpressionStatement' && more.length === 0
    ? [only.expression as SyntaxNode]
    : statements;
}

/** The statements within the loop that {@link patternOf} has put around them. */
function innermost(scope: SyntaxNode): readonly SyntaxNode[] {
  if (scope.type === 'ForStatement') return (scope.body as SyntaxNode).body as SyntaxNode[];
  for (const child of children(scope)) {
    const found = innermost(child);
    if (found.length > 0) return found;
  }
  return [];
}

function matchAt(node: SyntaxNode, around: readonly SyntaxNode[], bindings: Bindings): Match {
  const [here] = bindings.get(HERE) ?? [];
  if (!here || here === node) return { focus: node, around, bindings };
  return { focus: here, around: [...around, ...pathTo(here, node)], bindings };
}

/** The nodes from `from` down to the parent of `target`. */
function pathTo(target: SyntaxNode, from: SyntaxNode): SyntaxNode[] {
  const next = children(from).find(
    (child) => child === target || (child.start <= target.start && child.end >= target.end),
  );
  return !next || next === target ? [from] : [from, ...pathTo(target, next)];
}

/** Returns the bindings if the target matches the pattern, otherwise `undefined`. */
function equal(pattern: unknown, target: unknown, bindings: Bindings): Bindings | undefined {
  if (Array.isArray(pattern)) {
    return Array.isArray(target) ? list(pattern, target, bindings) : undefined;
  }
  if (!isNode(pattern)) return same(pattern, target, bindings);
  const name = wildcard(pattern, ONE);
  if (name !== undefined) return isNode(target) ? bind(name, [target], bindings) : undefined;
  if (!isNode(target)) return undefined;
  const label = pattern.type === 'LabeledStatement' && wildcard(pattern.label, ONE);
  if (label) {
    const inner = equal(pattern.body, target, bindings);
    return inner && bind(label, [unwrapped(target)], inner);
  }
  return fields(unwrapped(pattern), unwrapped(target), bindings);
}

function fields(pattern: SyntaxNode, target: SyntaxNode, bindings: Bindings): Bindings | undefined {
  let all: Bindings | undefined = bindings;
  for (const field of new Set([...Object.keys(pattern), ...Object.keys(target)])) {
    if (!all) return undefined;
    const wanted = pattern[field];
    if (IGNORED.has(field) || (OPTIONAL.has(field) && isEmpty(wanted))) continue;
    all = equal(wanted, target[field], all);
  }
  return all;
}

/** Compares values that are no nodes: names, operators, the parts of a literal. */
function same(pattern: unknown, target: unknown, bindings: Bindings): Bindings | undefined {
  const isSame =
    typeof pattern === 'object' && pattern !== null
      ? JSON.stringify(pattern) === JSON.stringify(target)
      : (pattern ?? null) === (target ?? null);
  return isSame ? bindings : undefined;
}

function list(
  pattern: readonly unknown[],
  target: readonly unknown[],
  bindings: Bindings,
): Bindings | undefined {
  const [first, ...rest] = pattern;
  if (pattern.length === 0) return target.length === 0 ? bindings : undefined;
  const name = wildcard(first, MANY);
  if (name === undefined) {
    if (target.length === 0) return undefined;
    const bound = equal(first, target[0], bindings);
    return bound && list(rest, target.slice(1), bound);
  }
  for (let taken = 0; taken <= target.length; taken += 1) {
    const bound = bind(name, target.slice(0, taken).filter(isNode), bindings);
    const all = bound && list(rest, target.slice(taken), bound);
    if (all) return all;
  }
  return undefined;
}

/** As {@link list}, whatever follows in the target. */
function prefix(
  pattern: readonly SyntaxNode[],
  target: readonly unknown[],
  bindings: Bindings,
): Bindings | undefined {
  const rest = { type: 'Identifier', name: '$$$', start: 0, end: 0 };
  return list([...pattern, rest], target, bindings);
}

/** A name that stands twice stands for the same. */
function bind(
  name: string,
  nodes: readonly SyntaxNode[],
  bindings: Bindings,
): Bindings | undefined {
  if (name === '$_' || name === '$$$') return bindings;
  const before = bindings.get(name);
  if (before) return list(before, nodes, bindings);
  return new Map([...bindings, [name, nodes]]);
}

/** The wildcard's name if this stands for one: alone, as a statement, or as a property. */
function wildcard(node: unknown, form: RegExp): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === 'ExpressionStatement') return wildcard(node.expression, form);
  if (node.type === 'Property') return node.shorthand ? wildcard(node.key, form) : undefined;
  const { type, name } = node;
  return type === 'Identifier' && typeof name === 'string' && form.test(name) ? name : undefined;
}

function isEmpty(value: unknown): boolean {
  return !value || (Array.isArray(value) && value.length === 0);
}
