import { describe, expect, test, vi } from 'vitest';
import { guardProgram, guardScript } from '../src/guarded-child.ts';
import { descendants, killed, runs, startScript } from './fixtures/processes.ts';

vi.setConfig({ testTimeout: 60_000 });

describe.skipIf(process.platform !== 'linux')('a guarded program', () => {
  function sleeper() {
    const guarded = guardProgram('sleep', ['600']);
    const pid = guarded.process.pid;
    if (pid === undefined) throw new Error('sleep did not start');
    return { guarded, pid };
  }

  test('is stopped together with its guard, again and again', async () => {
    const { guarded, pid } = sleeper();
    await expect.poll(() => descendants(pid)).toHaveLength(1);
    const [guard] = descendants(pid);
    await guarded.stop();
    await guarded.stop();
    expect(runs(pid)).toBe(false);
    // It has closed its end of the socket, but the system may not have ended it yet.
    await expect.poll(() => runs(guard?.pid ?? 0)).toBe(false);
  });

  test('ends when its guard is killed', async () => {
    const { guarded, pid } = sleeper();
    await expect.poll(() => descendants(pid)).toHaveLength(1);
    const [guard] = descendants(pid);
    process.kill(guard?.pid ?? 0, 'SIGKILL');
    await guarded.ended;
    expect(runs(pid)).toBe(false);
  });

  test('ends when its parent is killed', async () => {
    const parent = await startScript('guarded-program-process.ts');
    const pid = Number(parent.line);
    expect(runs(pid)).toBe(true);
    await killed(parent.process);
    await expect.poll(() => runs(pid)).toBe(false);
  });

  test('that cannot be run has ended', async () => {
    const ended = await guardProgram('/nonexistent/program', []).ended;
    expect(ended.message).toMatch(/code 127/);
  });
});

describe('a guarded script', () => {
  test('reports why it ended', async () => {
    const guarded = guardScript('throw new Error(process.argv[1] + process.env.B)', ['a'], {
      B: 'b',
    });
    const ended = await guarded.ended;
    expect(ended.message).toMatch(/code 1/);
    expect(ended.cause).toMatch(/Error: ab/);
    expect(guarded.stderr()).toBe(ended.cause);
  });

  test('has none of the loaders of its parent', async () => {
    vi.stubEnv('NODE_OPTIONS', '--import=data:text/javascript,process.exit(3)');
    const guarded = guardScript('process.exit(0)', [], {});
    vi.unstubAllEnvs();
    expect((await guarded.ended).message).toMatch(/code 0/);
  });
});
