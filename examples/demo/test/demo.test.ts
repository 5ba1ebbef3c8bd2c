import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { startCluster } from '@a2a-aws/local';
import { expect, test, vi } from 'vitest';
import { runSteps } from '../run-steps.ts';
import { cancel } from '../steps/cancel.ts';
import { follow } from '../steps/follow.ts';
import { joinLate } from '../steps/join-late.ts';
import { Transcript } from '../transcript.ts';

vi.setConfig({ testTimeout: 120_000 });

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

/** Runs the demo to its end, in a process of its own. */
async function demo(...args: string[]): Promise<{ code: number | null; out: string }> {
  const child = spawn(
    process.execPath,
    ['--conditions=@a2a-aws/source', '--import', 'tsx', main, ...args],
    {
      cwd: fileURLToPath(new URL('./fixtures/', import.meta.url)),
      env: {
        ...process.env,
        INIT_CWD: fileURLToPath(new URL('./fixtures/', import.meta.url)),
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { out: await text(child.stdout), code: await ended };
}

test('all checks pass', async () => {
  const { code, out } = await demo();
  expect(out).not.toContain('✗');
  const counted = (client: string) =>
    new RegExp(`✓ ${client} +40 +40 +0 +0 +yes +\\d+ ms`.replace('+JSON', '\\+JSON'));
  expect(out).toMatch(counted('A, JSON-RPC'));
  expect(out).toMatch(counted('B, HTTP+JSON'));
  expect(out).toMatch(counted('C, JSON-RPC'));
  expect(out).toMatch(/✓ \d+ chunks in the snapshot \+ \d+ live = 40 of 40 sent, 0 dup.*, 0 lost/);
  expect(out).toMatch(/✓ CANCELED answered by C after \d+ ms; the client on A saw CANCELED/);
  expect(out).toMatch(/✓ the executor stopped: .* 0 duplicated, 0 lost, 0 too late; 0 runs left/);
  expect(out).toMatch(/✓ the client on B saw FAILED/);
  expect(out).toMatch(/✓ \d\d chunks sent until then, \d\d received, 0 duplicated, 0 lost/);
  expect(out).toMatch(/✓ 3 new tasks through the load balancer: 3 COMPLETED/);
  expect(out).toMatch(/✓ SIGTERM to B, C: exit code 0 .* 0 queues, 0 subscriptions left/);
  expect(out).toMatch(/All checks passed/);
  expect(code).toBe(0);
});

test('checks fail for an agent that loses events, repeats events and does not stop', async () => {
  const executor = new URL('./fixtures/faulty-agent.ts', import.meta.url);
  const cluster = await startCluster({ executor, instances: 2 });
  const lines: string[] = [];
  const transcript = new Transcript((line) => lines.push(line));
  try {
    await runSteps([follow, joinLate, cancel], cluster, transcript);
  } finally {
    await cluster.stop();
  }
  const out = lines.join('\n');
  expect(out).toMatch(/✗ A, JSON-RPC +40 +40 +1 +1 +no/);
  expect(out).toMatch(/✗ B, HTTP\+JSON +40 +40 +1 +1 +no/);
  expect(out).toMatch(/✗ .* = 40 of 40 sent, 1 duplicated, 1 lost/);
  expect(out).toMatch(/too late: expected 0, saw \d+/);
  // A row for each of three clients, the late client, the executor that did not stop.
  expect(transcript.failed).toBe(5);
});

test('another agent gets one message', async () => {
  const { code, out } = await demo('--executor', 'greeting-agent.ts', '--instances', '2');
  expect(out).toMatch(/message {3}\["I am \d+"\]/);
  expect(out).toMatch(/✓ SIGTERM to A, B: exit code 0 .* 0 queues, 0 subscriptions left/);
  expect(code).toBe(0);
});

test('a demo that cannot start prints the reason, and fails', async () => {
  const { code, out } = await demo('--executor', 'no-agent.ts');
  expect(out).toMatch(/✗ Server A did not start/);
  expect(out).toContain('It exports default (an object without execute and cancelTask).');
  expect(code).toBe(1);
});

test('an agent that fails makes the demo fail, and its message is printed', async () => {
  const { code, out } = await demo('--executor', 'failing-agent.ts#failing', '--instances', '2');
  expect(out).toMatch(/✗ the task is FAILED: \["Out of order\."\]/);
  expect(code).toBe(1);
});

test('a module that does not exist is refused before any server starts', async () => {
  const { code, out } = await demo('--executor', 'no-such-agent.ts');
  expect(out).toBe('');
  expect(code).toBe(2);
});
