import { describe, expect, test } from 'vitest';

interface Prose {
  readonly text: string;
  readonly at: number;
  readonly isHeading: boolean;
}

// Plain JavaScript without types: it runs before anything is built.
const scripts = new URL('../scripts/', import.meta.url);
const { findings } = (await import(new URL('english-rules.mjs', scripts).href)) as {
  findings(piece: { text: string; isHeading?: boolean }): { rule: string; at: number }[];
};
const { proseOf } = (await import(new URL('english-prose.mjs', scripts).href)) as {
  proseOf(path: string, source: string): Prose[];
};

const rulesBrokenBy = (text: string, isHeading = false): string[] =>
  findings({ text, isHeading }).map(({ rule }) => rule);

describe('The lint for English', () => {
  test.each([
    ['is-to', 'The log is to be read again.', 'The log must be read again.'],
    ['is-to', 'Both are to stop.', 'Both will stop.'],
    ['is-to', 'A lease that is to last.', 'The purpose is to save reads.'],
    ['anew', 'It is read anew.', 'It is read again; a renewal follows.'],
    ['for-ever', 'It waits for ever.', 'It waits forever, for everybody.'],
    ['at-the-most', 'Three at the most.', 'At most three; at the most recent record.'],
    ['the-own', 'By the own clock.', 'By its own clock, in the owner’s name.'],
    [
      'nothing-if',
      'Returns nothing if it is gone.',
      'Returns `undefined` if it is gone, which proves nothing if it was late.',
    ],
    ['subject', 'Who cancels waits.', 'The caller who cancels waits.'],
    ['subject', 'Whoever can leads.', 'Any instance leads; whoever it is.'],
    ['subject', 'Whose they are says a resolver.', 'A resolver says whose they are.'],
    ['subject', 'Nobody waits.', 'It waits for nobody.'],
    ['subject', 'It ends. Somebody reads.', 'It ends for somebody.'],
    ['subject', 'It ends. What follows is lost.', 'It ends. What follows?'],
    ['subject', 'Whatever comes is kept.', 'It is kept, whatever comes.'],
    ['opening', 'Of those the first wins.', 'Of course the first of those wins.'],
    ['opening', 'For what it costs, see below.', 'For whatever it costs, see below.'],
    ['opening', 'To what it belongs is unknown.', 'To whatever it belongs, it stays.'],
    ['opening', 'Where it fails, it stops.', 'If it fails, it stops. Where it stops?'],
  ])('finds %s in "%s" and not in "%s"', (rule, bad, good) => {
    expect(rulesBrokenBy(bad)).toContain(rule);
    expect(rulesBrokenBy(good)).toEqual([]);
  });

  test('allows headings that name a question', () => {
    expect(rulesBrokenBy('What clients see', true)).toEqual([]);
    expect(rulesBrokenBy('What clients see')).toEqual(['subject']);
  });

  test('names the place', () => {
    expect(findings({ text: 'First.\n(What is second.)' })).toMatchObject([{ at: 8 }]);
  });
});

describe('The prose', () => {
  const texts = (path: string, source: string): string[] =>
    proseOf(path, source).map(({ text }) => text.replace(/\s+/g, ' ').trim());

  test('of a program is its comments and its texts', () => {
    const source = [
      '/** Reads `for ever` what {@link nobody} wrote. */',
      'export const path = /is to "anew"/; // One',
      '// two.',
      '/**',
      ' * First.',
      ' *',
      ' * - an item',
      ' * @default never',
      ' */',
      "const text = 'a text'; const word = 'word';",
      `const both = \`it is \${path / 2} to \${\`nobody waits\`} say\`;`,
    ].join('\n');
    expect(texts('a.ts', source).filter((text) => text !== '')).toEqual([
      'Reads xxxxxxxxxx what xxxxxxxxxxxxxx wrote.',
      'One two.',
      'First.',
      '- an item',
      'never',
      'a text',
      'it is',
      'nobody waits',
    ]);
  });

  test('of a document is its headings, paragraphs, items and cells, without code', () => {
    const source = [
      '# What holds',
      'A [link](anew.md) and `code`.',
      'The same paragraph.',
      '',
      '- an item',
      '  that goes on',
      '',
      '    indented code',
      '',
      '| a | cell |',
      '| - | - |',
      '```ts',
      '// what is code',
      '```',
    ].join('\n');
    const pieces = proseOf('a.md', source);
    expect(pieces.filter(({ isHeading }) => isHeading)).toHaveLength(1);
    expect(texts('a.md', source).filter((text) => /[a-z]/.test(text))).toEqual([
      'What holds',
      'A [link and xxxxxx. The same paragraph.',
      'an item that goes on',
      'a',
      'cell',
    ]);
  });

  test('knows where it stands in the file', () => {
    const source = "const a = 1;\n\n// It is here.\nconst b = 'It is there.';\n";
    for (const { text, at } of proseOf('a.ts', source)) {
      const words = text.trim();
      expect(source.slice(at + text.indexOf(words))).toMatch(words);
    }
  });
});
