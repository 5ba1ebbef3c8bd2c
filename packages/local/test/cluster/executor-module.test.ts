import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { executorUrl, loadExecutor } from '../../src/cluster/executor-module.ts';

const module = (source: string) => `data:text/javascript,${encodeURIComponent(source)}`;
const methods = 'async execute() {} async cancelTask() {}';

describe('an executor module is named by', () => {
  test('a path', () => {
    expect(executorUrl('agents/mine.ts')).toBe(pathToFileURL(resolve('agents/mine.ts')).href);
  });

  test('a file URL', () => {
    expect(executorUrl('file:///agents/mine.ts')).toBe('file:///agents/mine.ts');
    expect(executorUrl(new URL('file:///agents/mine.ts'))).toBe('file:///agents/mine.ts');
  });

  test('something', () => {
    expect(() => executorUrl('')).toThrow(expect.objectContaining({ code: 'configuration' }));
  });
});

describe('an executor is', () => {
  test.each([
    ['an instance', `export default new (class { name = 'it'; ${methods} })()`],
    ['a class', `export default class { name = 'it'; ${methods} }`],
    [
      'a class compiled to CommonJS',
      `export default { default: class { name = 'it'; ${methods} } }`,
    ],
  ])('the default export: %s', async (_, source) => {
    expect(await loadExecutor(module(source))).toMatchObject({ name: 'it' });
  });

  test.each([
    ['nothing', ''],
    ['half of one', 'export default { async execute() {} }'],
    ['no default export', `export class Agent { ${methods} }`],
    ['a module that throws', 'throw new Error()'],
    ['a class that throws', 'export default class { constructor() { throw new Error() } }'],
  ])('not %s', async (_, source) => {
    await expect(loadExecutor(module(source))).rejects.toMatchObject({
      name: 'BackendError',
      code: 'configuration',
    });
  });
});
