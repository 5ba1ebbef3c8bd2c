import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const root = new URL('../../../', import.meta.url);
const textOf = (path: string): string => readFileSync(new URL(path, root), 'utf8');

/** Returns the names that a source has between two texts, by a pattern. */
function named(path: string, from: string, to: string, pattern: RegExp): string[] {
  const [, after = ''] = textOf(path).split(from);
  const [between = ''] = after.split(to);
  return Array.from(between.matchAll(pattern), ([, name = '']) => name);
}

const OPTIONS = 'packages/a2a-aws/src/options/backend-options.ts';

test('README.md lists every option and every variable', () => {
  const [, section = ''] = textOf('README.md').split('## Options');
  const options = named(OPTIONS, 'interface BackendOptions {', '\n}', /^ {2}readonly (\w+)\?/gm);
  const variables = named(
    OPTIONS,
    'interface BackendEnvironment extends InstanceEnvironment {',
    '\n}',
    /readonly (\w+)\?/g,
  );
  expect(options.length).toBeGreaterThan(10);
  expect(variables.length).toBeGreaterThan(3);
  expect([...options, ...variables].filter((name) => !section.includes(`\`${name}\``))).toEqual([]);
});

test('README.md lists every option of a handler', () => {
  const path = 'packages/a2a-aws/src/handler/handler-options.ts';
  const options = named(
    path,
    'interface RequestHandlerOptions {',
    '\n}',
    /^ {2}readonly (\w+)\?/gm,
  );
  expect(options.length).toBeGreaterThan(4);
  expect(options.filter((name) => !textOf('README.md').includes(`\`${name}\``))).toEqual([]);
});

test('the README of the package shows lines of the example', () => {
  const [, shown = ''] = textOf('packages/a2a-aws/README.md').split('```ts\n');
  const [lines = ''] = shown.split('```');
  const example = textOf('test/readme/server.ts').split('\n');
  expect(lines.split('\n').filter((line) => !example.includes(line))).toEqual([]);
});

const pages = readdirSync(new URL('docs/', root), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md') && !name.startsWith('reference/'))
  .map((name) => `docs/${name}`);

test.each([
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'infra/README.md',
  'packages/a2a-aws/README.md',
  ...pages,
])('the links of %s lead somewhere', (page) => {
  const links = Array.from(textOf(page).matchAll(/\]\(([^)#]+)[^)]*\)/g), ([, link = '']) => link);
  const inside = links.filter((link) => !link.includes('://'));
  expect(inside.filter((link) => !existsSync(new URL(link, new URL(page, root))))).toEqual([]);
});
