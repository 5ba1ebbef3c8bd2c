#!/usr/bin/env node
/**
 * node scripts/lint-english.mjs [--update] [files]
 *
 * Checks the English of comments, texts and documents. A file may have as many findings as
 * `english-baseline.json` grants it, and a moved file as many as the file that is gone. `--update`
 * rewrites the baseline, and refuses to let it grow. With files: lists all findings in them.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesInExcess } from './english-grants.mjs';
import { proseOf } from './english-prose.mjs';
import { findings } from './english-rules.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const baselineFile = join(root, 'scripts/english-baseline.json');
/** Sentences in these files are examples of what the rules find. */
const EXAMPLES = new Set(['test/english.test.ts']);

const [first, ...others] = process.argv.slice(2);
const isUpdate = first === '--update';
const named = first === undefined || isUpdate ? others : [first, ...others];

const found = new Map();
for (const path of named.length > 0 ? named : files()) {
  const lines = findingsIn(path);
  if (lines.length > 0) found.set(path, lines);
}

if (named.length > 0) print(found.keys());
else if (isUpdate) update();
else check();

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

function baseline() {
  return existsSync(baselineFile) ? JSON.parse(readFileSync(baselineFile, 'utf8')) : {};
}

/** Fails if a file has more findings than the baseline grants it. */
function check() {
  const granted = baseline();
  const counts = countsByPath();
  const worse = filesInExcess(counts, granted, (path) => !existsSync(join(root, path)));
  print(worse);
  console.log(
    `English: ${sum(counts)} findings in ${found.size} files; the baseline grants ${sum(granted)}.`,
  );
  if (worse.length === 0) return;
  console.error(`More findings than granted in ${worse.length} files; see CONTRIBUTING.md.`);
  process.exitCode = 1;
}

function update() {
  const before = sum(baseline());
  const counts = countsByPath();
  const after = sum(counts);
  if (existsSync(baselineFile) && after > before) {
    console.error(`The baseline must not grow: ${after} findings, ${before} granted.`);
    process.exitCode = 1;
  } else if (after === 0) {
    rmSync(baselineFile, { force: true });
  } else {
    writeFileSync(baselineFile, `${JSON.stringify(counts, null, 2)}\n`);
  }
}

/** Findings by path, in the order of the paths. */
function countsByPath() {
  const counts = [...found].map(([path, lines]) => [path, lines.length]);
  return Object.fromEntries(counts.sort());
}

function print(paths) {
  for (const path of paths) for (const line of found.get(path)) console.log(line);
}

function sum(granted) {
  return Object.values(granted).reduce((total, number) => total + number, 0);
}
