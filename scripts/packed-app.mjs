/**
 * node scripts/packed-app.mjs
 *
 * Does what the README says for an application, from the packed packages as they would be published:
 * installs them with npm in an empty folder, type-checks the README's examples against them, and
 * runs the first. Exits with 1 if any of it fails.
 */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const examples = join(root, 'test/readme');
const packages = join(root, 'dist-packages');
const app = mkdtempSync(join(tmpdir(), 'a2a-app-'));

const compilerOptions = {
  module: 'nodenext',
  target: 'es2022',
  strict: true,
  outDir: 'out',
  rewriteRelativeImportExtensions: true,
  types: ['node'],
};

try {
  run(process.execPath, [join(root, 'scripts/pack-packages.mjs')], root);
  const tarballs = readdirSync(packages).filter((name) => name.endsWith('.tgz'));
  write('package.json', JSON.stringify({ name: 'app', private: true, type: 'module' }));
  run('npm', [
    ...['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'],
    ...tarballs.map((name) => join(packages, name)),
    ...['@a2a-js/sdk', 'express', '@types/express', '@types/node', 'typescript'].map(pinned),
  ]);
  write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  for (const name of ['agent.ts', 'client.ts', 'server.ts'])
    copyFileSync(join(examples, name), join(app, name));
  const started = "\nconsole.log('ready:', backend.health().ready);\n";
  const stopped = 'await backend.stop();\nawait aws.stop();\n';
  write('try.ts', readFileSync(join(examples, 'try.ts'), 'utf8') + started + stopped);
  run(process.execPath, ['node_modules/typescript/bin/tsc']);
  run(process.execPath, ['out/try.js']);
} finally {
  rmSync(app, { recursive: true, force: true });
}

/** The version that the tests use. */
function pinned(name) {
  const { resolve } = createRequire(join(root, 'test/package.json'));
  const folder = resolve
    .paths(name)
    .map((path) => join(path, name, 'package.json'))
    .find((file) => versionIn(file) !== undefined);
  return `${name}@${versionIn(folder)}`;
}

function versionIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).version;
  } catch {
    return undefined;
  }
}

function write(name, text) {
  writeFileSync(join(app, name), text);
}

function run(command, args, cwd = app) {
  execFileSync(command, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
}
