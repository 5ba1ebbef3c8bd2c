/**
 * node scripts/localstack-tests.mjs [vitest arguments]
 *
 * Runs the suites on the LocalStack that `AWS_ENDPOINT_URL` names, else on one that it installs,
 * starts and stops (see localstack/README.md). Without the tools for that it says so, and passes.
 */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const host = join(root, 'localstack/localstack-host.sh');
const vitest = join(root, 'node_modules/vitest/vitest.mjs');

if (process.env.AWS_ENDPOINT_URL) {
  process.exitCode = test(process.env.AWS_ENDPOINT_URL);
} else {
  const missing = ['java', 'mvn', 'python3', 'curl', 'bash'].filter((tool) => !has(tool));
  if (missing.length > 0) {
    console.log(
      `LocalStack tests NOT RUN: ${missing.join(', ')} not found, AWS_ENDPOINT_URL not set.`,
    );
  } else {
    process.exitCode = run('bash', [host, 'install']) || run('bash', [host, 'start']);
    if (process.exitCode === 0) {
      try {
        process.exitCode = test('http://127.0.0.1:4566');
      } finally {
        run('bash', [host, 'stop']);
      }
    }
  }
}

function test(endpoint) {
  const args = [vitest, 'run', '--config', 'vitest.localstack.config.ts', ...process.argv.slice(2)];
  return run(process.execPath, args, { AWS_ENDPOINT_URL: endpoint });
}

function has(tool) {
  return spawnSync('sh', ['-c', `command -v ${tool}`], { stdio: 'ignore' }).status === 0;
}

/** Runs a program on this terminal, from the root; its exit code. */
function run(command, args, env = {}) {
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  return status ?? 1;
}
