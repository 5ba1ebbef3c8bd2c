#!/usr/bin/env node
/**
 * node scripts/lint-english.mjs [files]
 *
 * Checks the English of comments, texts and documents: of all tracked files, or of those named.
 * Exits with 1 if it finds anything.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { proseOf } from './english-prose.mjs';
import { findings } from './english-rules.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** Sentences in these files are examples of what the rules find. */
const EXAMPLES = new Set(['test/english.test.ts']);

const named = process.argv.slice(2);
const lines = (named.length > 0 ? named : files()).flatMap(findingsIn);
for (const line of lines) console.log(line);
if (lines.length > 0) {
  console.error(`English: ${lines.length} findings; see CONTRIBUTING.md.`);
  process.exitCode = 1;
}

function files() {
  const list = execFileSync('git', ['ls-files', '*.ts', '*.mjs', '*.md'], { cwd: root });
  return list
    .toString()
    .split('\n')
    .filter((path) => path !== '' && !EXAMPLES.has(path) && existsSync(join(root, path)));
}

/** The findings of a file, as lines. */
function findingsIn(path) {
  const source = readFileSync(join(root, path), 'utf8');
  return proseOf(path, source).flatMap((piece) =>
    findings(piece).map(({ rule, words, instead, at }) => {
      const line = source.slice(0, piece.at + at).split('\n').length;
      return `${path}:${line} ${rule}: "${words}"; better: ${instead}`;
    }),
  );
}
