import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = new URL('../', import.meta.url);
const textOf = (path: string): string => readFileSync(new URL(path, root), 'utf8');

// Plain JavaScript without types: it runs before anything is built.
const notes = (await import(new URL('scripts/release-notes.mjs', root).href)) as {
  parseChangeset(text: string): Map<string, string[]>;
  releasedChangelog(
    changelog: string,
    changesets: readonly string[],
    version: string,
    date: string,
  ): string;
};

const changesetOf = (body: string): string => `---\n'a2a-aws': patch\n---\n\n${body}\n`;

describe('The repository', () => {
  test('has changesets, and unreleased entries, that a release can use', () => {
    const changesets = readdirSync(new URL('.changeset/', root))
      .filter((name) => name.endsWith('.md') && name !== 'README.md')
      .map((name) => textOf(`.changeset/${name}`));
    const extra = changesetOf('### Fixed\n\n- The last entry.');
    const changelog = notes.releasedChangelog(
      textOf('CHANGELOG.md'),
      [...changesets, extra],
      '9.9.9',
      '2030-01-01',
    );
    expect(changelog).toContain('\n## [Unreleased]\n\n## [9.9.9] - 2030-01-01\n\n### ');
    expect(changelog).toContain('\n- The last entry.\n');
  });

  test('releases all of its public packages together', () => {
    const paths = execFileSync('git', ['ls-files', '*package.json'], { cwd: fileURLToPath(root) });
    const packages = paths
      .toString()
      .trim()
      .split('\n')
      .map((path) => JSON.parse(textOf(path)))
      .filter((manifest) => manifest.private !== true)
      .map(({ name }) => name);
    const { fixed } = JSON.parse(textOf('.changeset/config.json'));
    expect(packages.length).toBeGreaterThan(5);
    expect(fixed).toEqual([expect.arrayContaining(packages)]);
    expect(fixed[0]).toHaveLength(packages.length);
  });
});

describe('A release', () => {
  const changelog = [
    '# Changelog',
    '',
    '## [Unreleased]',
    '',
    '### Added',
    '',
    '- One,',
    '  on two lines.',
    '',
    '## [0.1.0] - 2026-01-01',
    '',
    '- Old.',
    '',
  ].join('\n');

  test('collects the entries of changesets and of the changelog by kind', () => {
    const changesets = [
      changesetOf('### Fixed\n\n- Three.\n\n### Added\n\n- Two.'),
      changesetOf('### Fixed\n\n- Four.\n- Five.'),
    ];
    expect(notes.releasedChangelog(changelog, changesets, '0.2.0', '2026-02-02')).toBe(
      [
        '# Changelog',
        '',
        '## [Unreleased]',
        '',
        '## [0.2.0] - 2026-02-02',
        '',
        '### Added',
        '',
        '- One,',
        '  on two lines.',
        '- Two.',
        '',
        '### Fixed',
        '',
        '- Three.',
        '- Four.',
        '- Five.',
        '',
        '## [0.1.0] - 2026-01-01',
        '',
        '- Old.',
        '',
      ].join('\n'),
    );
  });

  test('is refused if nothing is unreleased', () => {
    const empty = '# Changelog\n\n## [Unreleased]\n\n## [0.1.0] - 2026-01-01\n';
    expect(() => notes.releasedChangelog(empty, [], '0.2.0', '')).toThrow('Nothing is unreleased.');
  });

  test.each([
    ['no front matter', '### Fixed\n\n- One.\n'],
    ['another package', "---\n'@a2a-aws/core': patch\n---\n\n### Fixed\n\n- One.\n"],
    ['no entries', changesetOf('One.')],
    ['an unknown heading', changesetOf('### Improved\n\n- One.')],
    ['text that is no entry', changesetOf('### Fixed\n\nOne.')],
  ])('is refused if a changeset has %s', (_, text) => {
    expect(() => notes.parseChangeset(text)).toThrow();
  });
});
