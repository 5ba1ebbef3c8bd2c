import { afterEach, describe, expect, test, vi } from 'vitest';
import { benchOptions } from './bench/bench-options.ts';
import { chaosOptions } from './chaos/chaos-options.ts';
import { settingsFrom, UsageError } from './command-line.ts';
import { PLANTED_BUGS } from './simulation/planted-bugs.ts';
import { simulateOptions } from './simulation/simulate-options.ts';

const bench = (args: string[]) => benchOptions(args, ['latency', 'taps'], 'bench.json');
const [{ name: planted } = { name: '' }] = PLANTED_BUGS;

describe('A script’s arguments', () => {
  test('have defaults', () => {
    expect(simulateOptions([])).toMatchObject({ seeds: undefined, from: 1, planted: false });
    expect(chaosOptions([])).toEqual({ kills: 100, streams: undefined, seed: 1 });
    expect(bench([])).toEqual({ figures: ['latency', 'taps'], json: 'bench.json' });
  });

  test('are taken', () => {
    const args = ['--seeds', '50', '--workers', '1', '--planted', '--only', planted];
    expect(simulateOptions(args)).toMatchObject({ seeds: 50, workers: 1, only: [planted] });
    expect(simulateOptions(['--from', '0'])).toMatchObject({ from: 0 });
    const streams = undefined;
    expect(chaosOptions(['--kills', '3', '--seed=0'])).toEqual({ kills: 3, streams, seed: 0 });
    expect(chaosOptions(['--streams', '9'])).toEqual({ kills: 100, streams: 9, seed: 1 });
    expect(bench(['taps', '--json', 'x'])).toEqual({ figures: ['taps'], json: 'x' });
  });

  test.each([
    [simulateOptions, ['--seeds', 'abc']],
    [simulateOptions, ['--seeds', '0']],
    [simulateOptions, ['--seeds', '1e3']],
    [simulateOptions, ['--seeds', '']],
    [simulateOptions, ['--seeds=-5']],
    [simulateOptions, ['--seeds']],
    [simulateOptions, ['--from', '1.5']],
    [simulateOptions, ['--from', '1', '--planted']],
    [simulateOptions, ['--workers', '0']],
    [simulateOptions, ['--only', planted]],
    [simulateOptions, ['--planted', '--only', 'no-such-bug']],
    [simulateOptions, ['--record']],
    [simulateOptions, ['--sedes', '5']],
    [simulateOptions, ['5']],
    [chaosOptions, ['--kills', 'many']],
    [chaosOptions, ['--kills', '0']],
    [chaosOptions, ['--streams', '0']],
    [chaosOptions, ['--seed', '']],
    [chaosOptions, ['--kill', '5']],
    [chaosOptions, ['5']],
    [bench, ['latencies']],
    [bench, ['--json', '']],
    [bench, ['--quick']],
  ] as const)('are refused where they mean nothing: %o %j', (read, args) => {
    expect(settled(args, (given) => read(given))).toEqual({ code: 2, result: undefined });
  });
});

describe('A script', () => {
  test('prints its usage on --help, whatever the other arguments are', () => {
    for (const args of [['--help'], ['-h'], ['--no-such-option', '--help']]) {
      const { code, result } = settled(args, () => 'settings');
      expect([code, result]).toEqual([undefined, undefined]);
      expect(console.log).toHaveBeenLastCalledWith('the usage');
    }
  });

  test('prints the mistake and its usage, and fails with 2', () => {
    const mistake = () => {
      throw new UsageError('--seeds must be a number.');
    };
    expect(settled([], mistake).code).toBe(2);
    expect(console.error).toHaveBeenCalledWith('--seeds must be a number.\n\nthe usage');
  });

  test('hides no fault', () => {
    const fault = () => {
      throw new TypeError('not a function');
    };
    expect(() => settled([], fault)).toThrow('not a function');
  });
});

afterEach(() => vi.restoreAllMocks());

/** Returns the settings of a script, and its exit code if there are none. */
function settled<T>(args: readonly string[], read: (args: string[]) => T) {
  vi.spyOn(console, 'log').mockImplementation(() => {});
  vi.spyOn(console, 'error').mockImplementation(() => {});
  const before = process.exitCode;
  process.exitCode = undefined;
  try {
    const result = settingsFrom('the usage', read, args);
    return { code: process.exitCode, result };
  } finally {
    process.exitCode = before;
  }
}
