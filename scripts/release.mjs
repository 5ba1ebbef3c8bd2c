#!/usr/bin/env node
/**
 * node scripts/release.mjs
 *
 * Makes the changesets a release: raises the version of all packages and moves the entries to
 * CHANGELOG.md. Commits and publishes nothing.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { releasedChangelog } from './release-notes.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, '.changeset');
const changelogFile = join(root, 'CHANGELOG.md');

const changesets = readdirSync(folder)
  .filter((name) => name.endsWith('.md') && name !== 'README.md')
  .sort()
  .map((name) => readFileSync(join(folder, name), 'utf8'));
const changelog = readFileSync(changelogFile, 'utf8');
// A malformed entry must be found before anything has changed.
releasedChangelog(changelog, changesets, '0.0.0', '');

execFileSync(process.execPath, [join(root, 'node_modules/@changesets/cli/bin.js'), 'version'], {
  cwd: root,
  stdio: 'inherit',
});
const { version } = JSON.parse(readFileSync(join(root, 'packages/a2a-aws/package.json'), 'utf8'));
const today = new Date().toISOString().slice(0, 10);
writeFileSync(changelogFile, releasedChangelog(changelog, changesets, version, today));
console.log(
  `Version ${version}. Next: read the diff, run .ci/run, commit, tag v${version}, publish.`,
);
