import type { Patch } from './patch.ts';
import { type Match, matches, patternOf } from './pattern.ts';
import type { Declaration, Declarations, SourceFile } from './sources.ts';
import { children, isNode, parse, type SyntaxNode } from './syntax.ts';

/** Where a patch belongs: the one place in the product. */
export interface Anchor extends Declaration {
  readonly match: Match;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const WILDCARDS = /\$(?:\$\$)?[A-Z_]+/g;

/** Finds the place of a patch. Throws, with the candidates, unless there is exactly one. */
export function anchorOf(patch: Patch, declarations: Declarations): Anchor {
  const { symbol, pattern } = patch;
  const declared = declarations.get(symbol) ?? [];
  if (declared.length === 0) {
    throw new Error(`Nothing declares ${symbol}. ${similar(symbol, declarations)}`);
  }
  const found = declared.flatMap((declaration): Anchor[] =>
    pattern === ''
      ? [{ ...declaration, match: whole(patch, declaration) }]
      : matches(pattern, declaration.node).map((match) => ({ ...declaration, match })),
  );
  const [only, ...more] = found;
  if (only && more.length === 0) return only;
  const places = declared.flatMap(({ file, node }) => {
    const matched = found.filter((one) => one.file === file).map(({ match }) => match.focus);
    return (found.length > 0 ? matched : [node]).map(({ start, end }) => ({ file, start, end }));
  });
  const candidates = places.map(
    ({ file, start, end }) => `\n--- ${file.path}\n${file.text.slice(start, end)}`,
  );
  const times = found.length === 0 ? 'nowhere' : `${found.length} times`;
  throw new Error(`In ${symbol} this matches ${times}, not once: ${pattern}${candidates.join('')}`);
}

/** Returns the files that the patches change, as they are then. Throws as {@link anchorOf}. */
export function patched(patches: readonly Patch[], declarations: Declarations): SourceFile[] {
  const edits = new Map<SourceFile, Edit[]>();
  for (const patch of patches) {
    const anchor = anchorOf(patch, declarations);
    const { file } = anchor;
    edits.set(file, [...(edits.get(file) ?? []), ...editsFor(patch, anchor)]);
  }
  return [...edits].map(([file, all]) => ({ path: file.path, text: edited(file.text, all) }));
}

function edited(text: string, edits: readonly Edit[]): string {
  const fromTheEnd = edits.toSorted((a, b) => b.start - a.start || b.end - a.end);
  return fromTheEnd.reduce(
    (rest, edit) => rest.slice(0, edit.start) + edit.text + rest.slice(edit.end),
    text,
  );
}

function editsFor(patch: Patch, { file, match }: Omit<Anchor, 'node'>): Edit[] {
  const { focus, around } = match;
  const text = newCode(patch, { file, match });
  switch (patch.change) {
    case 'replace':
      return [{ ...spanOf(focus), text }];
    case 'remove':
      return [{ ...spanOf(focus), text: isStatement(focus) ? ';' : 'undefined' }];
    case 'begin':
      return [{ start: focus.start + 1, end: focus.start + 1, text }];
    default:
      return beside(patch, text, [...around, focus]);
  }
}

/** Code before or after a statement, which may be all that an `if` holds. */
function beside({ symbol, pattern, change }: Patch, text: string, path: SyntaxNode[]): Edit[] {
  const statement = path.findLast(
    (node, index) => isStatement(node) && !(isDeclaration(node) && isLoop(path[index - 1])),
  );
  if (!statement) throw new Error(`No statement in ${symbol} holds ${pattern}.`);
  const { start, end } = statement;
  // The names that it declares must stay visible.
  const [open, close] = isDeclaration(statement) ? ['', ''] : ['{ ', ' }'];
  const [first, last] = change === 'before' ? [`${text} `, ''] : ['', ` ${text}`];
  return [
    { start, end: start, text: open + first },
    { start: end, end, text: last + close },
  ];
}

/** Returns the code of a patch, each wildcard replaced by the code that it stands for. */
function newCode({ text, change }: Patch, { file, match }: Omit<Anchor, 'node'>): string {
  const { focus, bindings } = match;
  const code = text.replace(WILDCARDS, (name) => {
    const nodes = name === '$MATCH' ? [focus] : bindings.get(name);
    if (!nodes) throw new Error(`The pattern has no ${name}: ${text}`);
    return file.text.slice(nodes[0]?.start ?? 0, nodes.at(-1)?.end ?? 0);
  });
  return change === 'replace' && !isStatement(focus) ? `(${code})` : code;
}

/** The body of a function, or the value of a constant. */
function whole({ symbol, change }: Patch, { node }: Declaration): Match {
  const value = isNode(node.value) ? node.value : node;
  const focus = change === 'begin' ? value.body : node.init;
  if (isNode(focus)) return { focus, around: [], bindings: new Map() };
  throw new Error(`${symbol} has no ${change === 'begin' ? 'body' : 'value'}.`);
}

function isStatement(node: SyntaxNode): boolean {
  return node.type.endsWith('Statement') || isDeclaration(node);
}

function isDeclaration({ type }: SyntaxNode): boolean {
  return type === 'VariableDeclaration';
}

function isLoop(node: SyntaxNode | undefined): boolean {
  return node?.type.startsWith('For') ?? false;
}

function spanOf({ start, end }: SyntaxNode): { start: number; end: number } {
  return { start, end };
}

/** Names declarations of the same class, or with the same last part. */
function similar(symbol: string, declarations: Declarations): string {
  const last = (name: string): string => name.split(/[.#]+/).at(-1) ?? name;
  const owner = symbol.includes('.') ? `${symbol.split('.')[0]}.` : undefined;
  const close = [...declarations.keys()].filter(
    (name) => last(name) === last(symbol) || (owner && name.startsWith(owner)),
  );
  return close.length === 0 ? '' : `It may be one of: ${close.join(', ')}.`;
}

/** Returns the names in a patch's new code that its file does not know, and that are not global. */
export function unknownNames(patch: Patch, anchor: Anchor): string[] {
  if (patch.text === '') return [];
  const text = newCode(patch, anchor);
  // Code before a statement may be the head of an `if`.
  const nodes = patternOf(patch.change === 'before' ? `${text};` : text);
  const known = new Set([
    ...parse(anchor.file.path, anchor.file.text).flatMap(names),
    ...nodes.flatMap(declaredNames),
  ]);
  return nodes.flatMap(names).filter((name) => !known.has(name) && !(name in globalThis));
}

function names(node: SyntaxNode): string[] {
  const { type, computed, object, value } = node;
  if (type === 'Identifier') return [String(node.name)];
  if (type === 'MemberExpression' && !computed) return names(object as SyntaxNode);
  if (type === 'Property' && !computed) return names(value as SyntaxNode);
  return children(node).flatMap(names);
}

function declaredNames(node: SyntaxNode): string[] {
  const inner = children(node).flatMap(declaredNames);
  if (node.type === 'VariableDeclarator') return [...names(node.id as SyntaxNode), ...inner];
  if (!Array.isArray(node.params)) return inner;
  return [...(node.params as SyntaxNode[]).flatMap(names), ...inner];
}
