import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../scripts/localstack-tests.mjs', import.meta.url));

let bin: string;

beforeEach(() => {
  bin = mkdtempSync(join(tmpdir(), 'a2a-bin-'));
  symlinkSync('/bin/sh', join(bin, 'sh'));
});
afterEach(() => rmSync(bin, { recursive: true }));

/** Runs the script on a machine that has these programs and no others. */
function runWith(
  programs: readonly string[],
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): { code: number | null; said: string } {
  for (const program of programs) {
    writeFileSync(join(bin, program), '#!/bin/sh\nexit 1\n');
    chmodSync(join(bin, program), 0o755);
  }
  const { status, stdout } = spawnSync(process.execPath, [SCRIPT, ...args], {
    env: { PATH: bin, ...env },
    encoding: 'utf8',
  });
  return { code: status, said: stdout };
}

test('a machine without Java, Maven or Python prints that no test ran', () => {
  for (const programs of [[], ['java', 'mvn', 'curl', 'bash']]) {
    const { code, said } = runWith(programs);
    expect(said).toMatch(/^LocalStack tests NOT RUN: .*python3.* not found/);
    expect(code).toBe(0);
  }
});

test('where Java, Maven and Python are, a run that is skipped has failed', () => {
  const { code, said } = runWith(['java', 'mvn', 'python3']);
  expect(said).toMatch(/^LocalStack tests NOT RUN: curl, bash not found/);
  expect(code).toBe(1);
});

test('a LocalStack that does not start is a failure', () => {
  const { code, said } = runWith(['java', 'mvn', 'python3', 'curl', 'bash']);
  expect(said).toContain('LocalStack tests FAILED');
  expect(code).toBe(1);
});

test.each([
  ['no file', ['no-such-file']],
  ['no test', ['log-race', '-t', 'no such test']],
])('a run that finds %s has failed', { timeout: 60_000 }, (_, args) => {
  const { code, said } = runWith([], args, { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' });
  expect(said).toContain('LocalStack tests FAILED: no test was found.');
  expect(code).toBe(1);
});
