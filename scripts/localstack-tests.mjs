/**
 * node scripts/localstack-tests.mjs [vitest arguments]
 *
 * Runs the suites on the LocalStack that `AWS_ENDPOINT_URL` names or that runs on this machine, else on
 * one that it installs, starts and stops (see localstack/README.md). Its last line counts the tests. Without Java, Maven or
 * Python it says that nothing was run, and passes; with them, not to run a test is a failure.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const host = join(root, 'localstack/localstack-host.sh');
const vitest = join(root, 'node_modules/vitest/vitest.mjs');

/** A machine that has these is meant to run LocalStack. */
const PLATFORM = ['java', 'mvn', 'python3'];
/** Programs that every machine has. */
const TOOLS = ['curl', 'bash'];

const ENDPOINT = 'http://127.0.0.1:4566';
const HEALTH = `${ENDPOINT}/_localstack/health`;

process.exitCode = main(process.env.AWS_ENDPOINT_URL);

function main(endpoint) {
  if (endpoint) return test(endpoint);
  const missing = [...PLATFORM, ...TOOLS].filter((tool) => !has(tool));
  if (missing.length > 0) {
    console.log(
      `LocalStack tests NOT RUN: ${missing.join(', ')} not found, AWS_ENDPOINT_URL not set.`,
    );
    return PLATFORM.some((tool) => missing.includes(tool)) ? 0 : 1;
  }
  // It belongs to another process, which may still need it.
  if (run('curl', ['-sf', '-m', '3', '-o', '/dev/null', HEALTH]) === 0) return test(ENDPOINT);
  if (run('bash', [host, 'install']) !== 0) return failed('LocalStack could not be installed.');
  try {
    if (run('bash', [host, 'start']) !== 0) return failed('LocalStack did not start.');
    return test(ENDPOINT);
  } finally {
    run('bash', [host, 'stop']);
  }
}

function test(endpoint) {
  const scratch = mkdtempSync(join(tmpdir(), 'a2a-localstack-'));
  const report = join(scratch, 'tests.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const config = ['--config', 'vitest.localstack.config.ts'];
  try {
    const args = [vitest, 'run', ...config, ...reporters, ...process.argv.slice(2)];
    const code = run(process.execPath, args, { AWS_ENDPOINT_URL: endpoint });
    const { numPassedTests, numFailedTests, numPendingTests } = read(report);
    if (numPassedTests + numFailedTests === 0) return failed('no test was found.');
    const counts = `${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`;
    console.log(`LocalStack tests: ${counts}`);
    return code;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Returns the counts of vitest, zeros if it wrote no report. */
function read(report) {
  try {
    return JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0 };
  }
}

function failed(reason) {
  console.log(`LocalStack tests FAILED: ${reason}`);
  return 1;
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
