import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parseDemoOptions } from '../demo-options.ts';

const parse = (...args: string[]) => parseDemoOptions(args, '/agents');

test('every option has a default', () => {
  expect(parse()).toEqual({ serve: false, instances: 3, port: 0 });
});

test('an executor is found from the working directory', () => {
  const args = ['--serve', '--instances', '2', '--port', '8080', '--executor', './mine.js'];
  expect(parse(...args)).toEqual({
    serve: true,
    instances: 2,
    port: 8080,
    executor: resolve('/agents/mine.js'),
  });
  expect(parse('--executor', '/else/where.js')).toMatchObject({ executor: '/else/where.js' });
});

test('help is given', () => {
  expect(parse('-h')).toEqual({ help: true });
});

test.each([
  [['--instances', '1']],
  [['--instances', '27']],
  [['--instances', 'three']],
  [['--instances', '2.5']],
  [['--instances', '']],
  [['--port', '65536']],
  [['--port', '']],
  [['--executor', '']],
  [['--executor']],
  [['--unknown']],
  [['stray']],
])('%j is refused', (args) => {
  expect(parse(...args)).toEqual({ invalid: expect.any(String) });
});
