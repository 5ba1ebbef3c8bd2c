/**
 * node scripts/cited-laws.mjs
 *
 * Every law of LAWS.md must be cited by its number in a test (or in a suite of the testkit, which
 * tests run). Prints how often each is; exits with 1 if one never is.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const laws = [...readFileSync(join(root, 'LAWS.md'), 'utf8').matchAll(/^\| \*\*(I\d+)\*\*/gm)];
const tested = /^(packages\/[^/]+\/test|packages\/testkit\/src|infra\/test|test)\/.*\.ts$/;
const texts = ['packages', 'infra', 'test']
  .flatMap(files)
  .map((file) => readFileSync(file, 'utf8'));

if (laws.length === 0) fail('LAWS.md lists no law');
for (const [, law] of laws) {
  const cited = texts.filter((text) => new RegExp(`\\b${law}\\b`).test(text)).length;
  if (cited === 0) fail(`${law}: no test cites it`);
  else console.log(`${law}: ${cited} files`);
}

function files(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return /^(node_modules|dist)$/.test(entry.name) ? [] : files(path);
    return tested.test(path) ? [join(root, path)] : [];
  });
}

function fail(message) {
  console.error(message);
  process.exitCode = 1;
}
