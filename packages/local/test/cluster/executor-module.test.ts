import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { executorUrl, loadExecutor } from '../../src/cluster/executor-module.ts';

const module = (source: string) => `data:text/javascript,${encodeURIComponent(source)}`;
const methods = 'async execute() {} async cancelTask() {}';
const agent = fileURLToPath(new URL('../fixtures/greeting-agent.ts', import.meta.url));

describe('an executor module is named by', () => {
  const folder = mkdtempSync(join(tmpdir(), 'a2a-agent-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test('a path', () => {
    expect(executorUrl(agent)).toBe(pathToFileURL(agent).href);
  });

  test('a file URL', () => {
    expect(executorUrl(pathToFileURL(agent).href)).toBe(pathToFileURL(agent).href);
    expect(executorUrl(pathToFileURL(agent))).toBe(pathToFileURL(agent).href);
  });

  test('either, and the name of an export', () => {
    const url = `${pathToFileURL(agent).href}#myExecutor`;
    expect(executorUrl(`${agent}#myExecutor`)).toBe(url);
    expect(executorUrl(url)).toBe(url);
  });

  test('a path that has a # itself', () => {
    const file = join(folder, 'c#.js');
    writeFileSync(file, '');
    expect(executorUrl(file)).toBe(pathToFileURL(file).href);
    expect(executorUrl(`${file}#it`)).toBe(`${pathToFileURL(file).href}#it`);
  });

  test.each(['', './no-such-agent.ts', 'file:///no/such/agent.ts', './no-such-agent.ts#it'])(
    'something that is there, unlike %j',
    (name) => {
      expect(() => executorUrl(name)).toThrow(expect.objectContaining({ code: 'configuration' }));
    },
  );
});

describe('an executor is', () => {
  test.each([
    ['an instance', `export default new (class { name = 'it'; ${methods} })()`],
    ['a class', `export default class { name = 'it'; ${methods} }`],
    [
      'a function that makes one',
      `export default function () { return { name: 'it', ${methods.replace('} async', '}, async')} } }`,
    ],
    [
      'a class compiled to CommonJS',
      `export default { default: class { name = 'it'; ${methods} } }`,
    ],
  ])('the default export: %s', async (_, source) => {
    expect(await loadExecutor(module(source))).toMatchObject({ name: 'it' });
  });

  test.each([
    ['a class', `export class Agent { name = 'it'; ${methods} }; export const port = 80;`],
    ['an instance', `export const agent = new (class { name = 'it'; ${methods} })()`],
    [
      'a class beside another default',
      `export class Agent { name = 'it'; ${methods} }; export default { port: 80 };`,
    ],
  ])('the only one that is exported: %s', async (_, source) => {
    expect(await loadExecutor(module(source))).toMatchObject({ name: 'it' });
  });

  test('the export that is named', async () => {
    const one = (name: string) => `export class ${name} { name = '${name}'; ${methods} }`;
    const source = `${one('A')}; ${one('B')}; export default class { ${methods} };`;
    expect(await loadExecutor(`${module(source)}#B`)).toMatchObject({ name: 'B' });
    await expect(loadExecutor(`${module(source)}#C`)).rejects.toThrow(
      /^The export that was named must .* It exports A \(a class\), B \(a class\), default \(a class\)\.$/,
    );
  });

  test.each([
    ['nothing', '', 'It exports nothing.'],
    [
      'half of one',
      'export default { async execute() {} }',
      'It exports default (an object without cancelTask).',
    ],
    [
      'one of two',
      `export class A { ${methods} } export class B { ${methods} } export const port = 80;`,
      'It exports A (a class), B (a class), port (a number).',
    ],
    ['a module that throws', 'throw new Error()', 'cannot be loaded'],
    ['a class that throws', 'export default class { constructor() { throw 1 } }', 'cannot be'],
  ])('not %s', async (_, source, reason) => {
    const failure = loadExecutor(module(source));
    await expect(failure).rejects.toMatchObject({ name: 'BackendError', code: 'configuration' });
    await expect(failure).rejects.toThrow(reason);
  });
});
