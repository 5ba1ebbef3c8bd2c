import { transformSync } from 'esbuild';
import { parseSync } from 'oxc-parser';
import { describe, expect, test } from 'vitest';
import { anchorOf, patched, unknownNames } from '../patches/anchor.ts';
import { remove, replace, set } from '../patches/patch.ts';
import { declarationsOf, productSources, type SourceFile } from '../patches/sources.ts';
import { children, parse, type SyntaxNode } from '../patches/syntax.ts';
import { PLANTED_BUGS } from '../planted-bugs.ts';

const SOURCES = productSources();
const PRODUCT = declarationsOf(SOURCES);
const PATCHES = PLANTED_BUGS.flatMap(({ patches }) => patches);

function withoutComments({ path, text }: SourceFile): SourceFile {
  const { comments } = parseSync(path, text, { lang: 'ts' });
  return {
    path,
    text: comments.reduceRight((rest, { start, end }) => cut(rest, start, end), text),
  };
}

function cut(text: string, start: number, end: number): string {
  return `${text.slice(0, start)} ${text.slice(end)}`;
}

/** Prints a file in another style, and without its types. */
function reprinted({ path, text }: SourceFile): SourceFile {
  const { code } = transformSync(text, { loader: 'ts', target: 'esnext' });
  return { path, text: code.replaceAll('void 0', 'undefined') };
}

/** Puts a statement before and after each statement of each block. */
function withMoreStatements({ path, text }: SourceFile): SourceFile {
  const places = parse(path, text)
    .flatMap(betweenStatements)
    .sort((a, b) => b - a);
  const edited = places.reduce(
    (rest, at) => `${rest.slice(0, at)} unrelated(); ${rest.slice(at)}`,
    text,
  );
  return { path, text: edited };
}

function betweenStatements(node: SyntaxNode): number[] {
  const { type, start, body } = node;
  const inner = children(node).flatMap(betweenStatements);
  if (type !== 'BlockStatement') return inner;
  return [start + 1, ...(body as SyntaxNode[]).map(({ end }) => end), ...inner];
}

function inOtherFiles({ text }: SourceFile, at: number): SourceFile {
  return { path: `/elsewhere/file-${at}.ts`, text };
}

describe('the patches of the planted bugs', () => {
  test.each(PLANTED_BUGS)('$name: each has one place, and uses known names only', (bug) => {
    for (const patch of bug.patches) {
      expect(unknownNames(patch, anchorOf(patch, PRODUCT))).toEqual([]);
    }
  });

  test.each([
    ['without comments', withoutComments],
    ['in another style, without types', reprinted],
    ['with more statements', withMoreStatements],
    ['in other files', inOtherFiles],
  ])('find their places in sources %s', (_, change) => {
    const changed = SOURCES.map(change);
    expect(changed).not.toEqual(SOURCES);
    const declarations = declarationsOf(changed);
    const lost = PATCHES.filter((patch) => {
      try {
        return !anchorOf(patch, declarations);
      } catch {
        return true;
      }
    });
    expect(lost).toEqual([]);
  });
});

describe('a patch', () => {
  const file = {
    path: '/src/door.ts',
    text: `export const WIDTH = 2;
export class Door {
  open(by: string): string {
    // The first one wins.
    if (this.#isOpen(by)) return 'open';
    this.#ring(by, 1);
    this.#ring(by, WIDTH);
    return by;
  }
}`,
  };
  const declarations = declarationsOf([file]);
  const apply = (...patches: Parameters<typeof patched>[0]): string =>
    patched(patches, declarations)[0]?.text ?? '';

  test('leaves out, replaces, and gives constants other values', () => {
    const text = apply(
      remove('Door.open', 'this.#ring($_, 1)'),
      replace('Door.open', 'this.#ring($WHO, WIDTH)', 'this.#knock($WHO, $MATCH)'),
      replace('Door.open', 'if ($_) $HERE: return $STATE;', 'throw $STATE;'),
      set('WIDTH', '3'),
    );
    expect(text).toContain('const WIDTH = (3);');
    expect(text).toContain("if (this.#isOpen(by)) throw 'open';");
    expect(text).toContain('undefined;\n    (this.#knock(by, this.#ring(by, WIDTH)));');
  });

  test('that fits two places names both', () => {
    expect(() => apply(remove('Door.open', 'this.#ring($$$)'))).toThrow(
      /In Door\.open this matches 2 times, not once: this\.#ring\(\$\$\$\).*ring\(by, 1\).*ring\(by, WIDTH\)/s,
    );
  });

  test('that fits no place shows where it was looked for', () => {
    expect(() => apply(remove('Door.open', 'this.#close()'))).toThrow(
      /In Door\.open this matches nowhere.*door\.ts.*return by/s,
    );
  });

  test('for a missing symbol suggests similar ones', () => {
    expect(() => apply(remove('Gate.open', 'x'))).toThrow(
      'Nothing declares Gate.open. It may be one of: Door.open.',
    );
  });

  test('uses no name that its file does not know', () => {
    const patch = replace('Door.open', "return 'open'", 'const next = by; return next + other;');
    expect(unknownNames(patch, anchorOf(patch, declarations))).toEqual(['other']);
  });
});
