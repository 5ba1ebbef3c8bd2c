import { expect, test } from 'vitest';
import { inheritedFlags } from '../../src/cluster/inherited-flags.ts';

test('loaders and conditions are passed on', () => {
  const flags = ['--conditions=mine', '--import', 'file:///loader.mjs', '--enable-source-maps'];
  expect(inheritedFlags(flags)).toEqual(flags);
});

test.each([
  [['--eval', 'await 1', '--conditions=mine']],
  [['--input-type=module', '-e', 'await 1', '--conditions=mine']],
  [['--inspect=0', '--conditions=mine', '--input-type', 'module']],
  [['--inspect-brk', '--conditions=mine', '-p', '1']],
])('flags of this process alone are not: %j', (flags) => {
  expect(inheritedFlags(flags)).toEqual(['--conditions=mine']);
});
