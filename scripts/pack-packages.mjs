/**
 * node scripts/pack-packages.mjs
 *
 * Builds and packs the packages as they would be published, for use in an application before they
 * are: into `dist-packages` those that an agent's server and a laptop need, into
 * `dist-packages/more` the CDK constructs and the conformance suites. Prints how to install them.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PNPM = 'pnpm@10.34.9';
const MORE = /^a2a-aws-(infra|testkit)-/;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const target = join(root, 'dist-packages');
const more = join(target, 'more');

run('npm', ['run', '--silent', 'clean']);
run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b']);
mkdirSync(more, { recursive: true });
const packages = ['-r', '--filter', './packages/*', '--filter', './infra'];
run('npx', ['--yes', PNPM, ...packages, 'pack', '--pack-destination', target]);
for (const file of readdirSync(target).filter((name) => MORE.test(name))) {
  renameSync(join(target, file), join(more, file));
}
console.log(`The packages are in ${target}.
In an application install all of them at once, since they depend on each other:

  npm install ${target}/*.tgz @a2a-js/sdk express`);

/** Says only what went wrong. */
function run(command, args) {
  execFileSync(command, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
}
