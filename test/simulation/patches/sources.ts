import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isNode, parse, type SyntaxNode } from './syntax.ts';

/** A file of the product. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** A function, a method or a constant, with the file that declares it. */
export interface Declaration {
  readonly file: SourceFile;
  readonly node: SyntaxNode;
}

/** The declarations of the product, by symbol: `elapsed`, `TaskLog.append`, `TaskLog.#write`. */
export type Declarations = ReadonlyMap<string, readonly Declaration[]>;

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** The packages that the simulator plays. */
const PACKAGES = ['core', 'dynamodb', 'sns-sqs', 'a2a-aws'];

/** Returns the files of all packages that the simulator plays. */
export function productSources(): SourceFile[] {
  return PACKAGES.flatMap((name) => {
    const folder = `${ROOT}packages/${name}/src/`;
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => ({ path: folder + path, text: readFileSync(folder + path, 'utf8') }));
  });
}

/** Returns the declarations at the top of the files, and those of the classes there. */
export function declarationsOf(files: readonly SourceFile[]): Declarations {
  const all = new Map<string, Declaration[]>();
  for (const file of files) {
    for (const [symbol, node] of parse(file.path, file.text).flatMap(declared)) {
      all.set(symbol, [...(all.get(symbol) ?? []), { file, node }]);
    }
  }
  return all;
}

function declared(statement: SyntaxNode): (readonly [string, SyntaxNode])[] {
  const { declaration, declarations, body } = statement;
  switch (statement.type) {
    case 'ExportNamedDeclaration':
    case 'ExportDefaultDeclaration':
      return isNode(declaration) ? declared(declaration) : [];
    case 'FunctionDeclaration':
      return [[nameOf(statement.id), statement]];
    case 'VariableDeclaration':
      return (declarations as SyntaxNode[]).map((one) => [nameOf(one.id), one] as const);
    case 'ClassDeclaration':
      return ((body as SyntaxNode).body as SyntaxNode[]).map(
        (member) => [`${nameOf(statement.id)}.${nameOf(member.key)}`, member] as const,
      );
    default:
      return [];
  }
}

function nameOf(id: unknown): string {
  if (!isNode(id)) return '';
  return `${id.type === 'PrivateIdentifier' ? '#' : ''}${String(id.name ?? '')}`;
}
