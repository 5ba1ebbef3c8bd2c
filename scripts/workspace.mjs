#!/usr/bin/env node
/**
 * node scripts/workspace.mjs TASK [arguments]
 *
 * Runs a task of this workspace on a fresh clone as on a warm one: installs what the lock file asks
 * for if that changed, then runs the task with the arguments, passes signals on to it and exits as
 * it does. Needs node and npm, nothing else.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { withLock } from './install-lock.mjs';

const PNPM = 'pnpm@10.34.9';
const NODE = [20, 19];
const CONDITION = '--conditions=@a2a-aws/source';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const installedHash = join(modules, '.a2a-aws-lock');

const ALL_TESTS =
  'All tests take about 10 minutes on two quiet cores. Some of them: npm test -- --project core log';

const REFERENCE = join(root, 'scripts/reference/typedoc.json');

const BUILD = node(program('typescript', 'bin/tsc'), '-b');

/** The commands of each task, run one after the other; the arguments go to the last. */
const tasks = {
  demo: () => [typescript('examples/demo/main.ts')],
  example: () => [typescript('examples/run.ts')],
  // Runs the code as the compiler emits it. tsx gives each function a name when it is made, which takes
  // memory and CPU.
  bench: () => [typescript('test/bench/main.ts', 'ts-blank-space/register')],
  simulate: () => [typescript('test/simulation/main.ts')],
  chaos: () => [typescript('test/chaos/main.ts')],
  test: () => {
    if (passed.length === 0) console.error(ALL_TESTS);
    return [node(program('vitest', 'vitest.mjs'), 'run', '--project', '!load')];
  },
  // Each of these needs the machine for itself.
  'test:load': () => [node(program('vitest', 'vitest.mjs'), 'run', '--project', 'load')],
  'test:node': () => [node(join(root, 'scripts/test-on-node.mjs'))],
  'test:localstack': () => [node(join(root, 'scripts/localstack-tests.mjs'))],
  build: () => [BUILD],
  typecheck: () => [BUILD],
  lint: () => [
    node(join(root, 'scripts/lint-english.mjs')),
    node(program('@biomejs/biome', 'bin/biome'), 'check', '.'),
  ],
  format: () => [node(program('@biomejs/biome', 'bin/biome'), 'check', '--write', '.')],
  unused: () => [node(program('knip', 'bin/knip.js'))],
  docs: () => [
    node(join(root, 'scripts/reference/node_modules/typedoc/bin/typedoc'), '--options', REFERENCE),
    node(join(root, 'scripts/dead-links.mjs'), join(root, 'docs/reference')),
  ],
  synth: () => [cdk('synth', '--quiet', '-c', 'janitor=true')],
  deploy: () => [node(join(root, 'scripts/aws-account.mjs'), ...passed), cdk('deploy')],
  release: () => [node(join(root, 'scripts/release.mjs'))],
  pack: () => [node(join(root, 'scripts/pack-packages.mjs'))],
  'pack:check': () => [
    BUILD,
    inPackages('exec', 'publint', '--strict'),
    inPackages('exec', 'attw', '--pack', '.', '--profile', 'esm-only'),
  ],
};

// pnpm hands on the `--` that npm takes away.
const [task, ...passed] = process.argv.slice(2).filter((word, at) => at !== 1 || word !== '--');

if (!Object.hasOwn(tasks, task ?? '')) {
  fail(`usage: node scripts/workspace.mjs ${Object.keys(tasks).join('|')} [arguments]`, 2);
} else if (!isNodeKnown()) {
  fail(`a2a-aws needs node ${NODE.join('.')} or later; this is node ${process.versions.node}.`);
} else if (await install()) {
  process.exitCode = await runAll(tasks[task]());
}

/** Stops at the first command that fails; gives the exit code. */
async function runAll(commands) {
  for (const [index, [command, ...args]] of commands.entries()) {
    const isLast = index === commands.length - 1;
    const code = await run(command, isLast ? [...args, ...passed] : args);
    if (code !== 0 || isLast) return code;
  }
}

function isNodeKnown() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  return major > NODE[0] || (major === NODE[0] && minor >= NODE[1]);
}

/** One install at a time, and none if what the lock file asks for is there. False: it failed. */
async function install() {
  const wanted = createHash('sha256')
    .update(await readFile(join(root, 'pnpm-lock.yaml')))
    .digest('hex');
  if (await isInstalled(wanted)) return true;
  await mkdir(modules, { recursive: true });
  let code = 0;
  await withLock(
    join(modules, '.a2a-aws-install'),
    async () => {
      if (await isInstalled(wanted)) return;
      // An install that is cut short must not look finished.
      await rm(installedHash, { force: true });
      // `CI`: pnpm asks nothing.
      code = await run('npx', ['--yes', PNPM, 'install', '--frozen-lockfile'], { CI: 'true' });
      if (code === 0) await writeFile(installedHash, wanted);
    },
    () => console.error('Another process is installing; waiting for it.'),
  );
  if (code !== 0) fail(`Installing failed (exit code ${code}); the output above says why.`, code);
  return code === 0;
}

async function isInstalled(wanted) {
  const installed = await readFile(installedHash, 'utf8').catch(() => undefined);
  return installed === wanted;
}

function typescript(file, loader = 'tsx') {
  const path = createRequire(join(root, 'package.json')).resolve(loader);
  return node(CONDITION, '--import', pathToFileURL(path).href, join(root, file));
}

function node(...args) {
  return [process.execPath, ...args];
}

function cdk(...args) {
  return node(program('aws-cdk', 'bin/cdk'), ...args);
}

/** A command of pnpm in the folder of each package that is published. */
function inPackages(...args) {
  return ['npx', '--yes', PNPM, '-r', '--filter', './packages/*', '--filter', './infra', ...args];
}

function program(name, file) {
  return join(modules, name, file);
}

/** Runs a child on this terminal, from the root; resolves to its exit code. */
function run(command, args, extra = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: 'inherit',
      env: {
        ...process.env,
        // The SDK's warning about node 20, once per process.
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
        PATH: [join(modules, '.bin'), process.env.PATH].join(delimiter),
        ...extra,
      },
    });
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    const pass = (signal) => {
      // A terminal sends Ctrl-C to the child as well; twice would mean "now".
      if (signal === 'SIGINT' && process.stdin.isTTY) return;
      child.kill(signal);
    };
    for (const signal of signals) process.on(signal, pass);
    const orphanage = whenOrphaned(() => child.kill('SIGTERM'));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearInterval(orphanage);
      for (const name of signals) process.off(name, pass);
      resolve(code ?? 128 + (constants.signals[signal] ?? 0));
    });
  });
}

/** npm signals only the shell between itself and us: seeing the shell gone is how we learn of it. */
function whenOrphaned(action) {
  if (process.env.npm_lifecycle_event === undefined) return undefined;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    action();
  }, 500);
  return timer;
}

function fail(message, code = 1) {
  console.error(message);
  process.exitCode = code;
}
