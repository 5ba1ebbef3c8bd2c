/** Turns changesets into entries of the one CHANGELOG.md; see .changeset/README.md. */

/** The headings of a release, in the order of the changelog. */
export const KINDS = [
  'Upgrading',
  'Security',
  'Added',
  'Changed',
  'Deprecated',
  'Removed',
  'Fixed',
];

const CHANGESET = /^---\n'a2a-aws': (?:patch|minor|major)\n---\n(.*)$/s;

/** Reads a changeset: its entries by kind. Throws an error with the reason if it has another form. */
export function parseChangeset(text) {
  const [, body] = CHANGESET.exec(text) ?? [];
  if (body === undefined)
    throw new Error("It must begin with --- 'a2a-aws': patch, minor or major ---.");
  const entries = sections(body);
  if (entries.size === 0) throw new Error('It has no entries.');
  return entries;
}

/** Returns the changelog with a section for `version` that holds all that was unreleased. */
export function releasedChangelog(changelog, changesets, version, date) {
  const [head, rest] = split(changelog, '## [Unreleased]\n');
  const next = rest.search(/^## \[/m);
  const unreleased = next < 0 ? rest : rest.slice(0, next);
  const older = next < 0 ? '' : `\n${rest.slice(next)}`;
  const entries = sections(unreleased);
  for (const text of changesets) {
    for (const [kind, lines] of parseChangeset(text)) {
      entries.set(kind, [...(entries.get(kind) ?? []), ...lines]);
    }
  }
  if (entries.size === 0) throw new Error('Nothing is unreleased.');
  const blocks = KINDS.filter((kind) => entries.has(kind)).map(
    (kind) => `### ${kind}\n\n${entries.get(kind).join('\n')}\n`,
  );
  const released = `## [${version}] - ${date}\n\n${blocks.join('\n')}`;
  return `${head}## [Unreleased]\n\n${released}${older}`;
}

/** The entries under each heading of a text; an entry is `- …` and its further lines. */
function sections(text) {
  const entries = new Map();
  for (const section of text.split(/^### /m).slice(1)) {
    const [heading, body] = split(section, '\n');
    if (!KINDS.includes(heading.trim())) throw new Error(`There is no heading ${heading.trim()}.`);
    const lines = body.trim().split(/\n(?=- )/);
    if (!lines.every((line) => line.startsWith('- ')))
      throw new Error('An entry begins with "- ".');
    entries.set(heading.trim(), [...(entries.get(heading.trim()) ?? []), ...lines]);
  }
  return entries;
}

function split(text, mark) {
  const at = text.indexOf(mark);
  if (at < 0) throw new Error(`The text has no ${JSON.stringify(mark)}.`);
  return [text.slice(0, at), text.slice(at + mark.length)];
}
