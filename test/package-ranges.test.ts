import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const root = new URL('../', import.meta.url);
const folders = [
  ...readdirSync(new URL('packages', root)).map((name) => `packages/${name}`),
  'infra',
];

interface Manifest {
  readonly name: string;
  readonly engines: { readonly node: string };
  readonly dependencies?: Readonly<Record<string, string>>;
}

const manifests = folders.map(
  (folder): Manifest => JSON.parse(read(`${folder}/package.json`)) as Manifest,
);
const ranges = manifests.flatMap(({ name, dependencies = {} }) =>
  Object.entries(dependencies)
    .filter(([dependency]) => dependency.startsWith('@aws-sdk/'))
    .map(([dependency, range]) => [`${name} on ${dependency}`, range] as const),
);

function read(file: string): string {
  return readFileSync(new URL(file, root), 'utf8');
}

test('The AWS SDK is taken below the versions that need node 22.', () => {
  expect(ranges.length).toBeGreaterThan(0);
  for (const [what, range] of ranges) {
    // A minor version raised the engine the last time, 3.968.0; util-dynamodb counts on its own.
    expect(range, what).toMatch(/^(>=3\.\d+\.\d+ <3\.1190\.0|~3\.996\.\d+)$/);
  }
  expect(read('README.md')).toContain('up to 3.1189');
});

test('Every package says that it runs on node 20.19, and the README says so.', () => {
  for (const { name, engines } of manifests) expect(engines.node, name).toBe('>=20.19');
  expect(read('README.md')).toContain('Node: 20.19 or later');
});

test('The tested versions are those that the packages would get.', () => {
  const versions = [...read('pnpm-lock.yaml').matchAll(/^ {2}'(@aws-sdk\/[^@]+)@(3\.\d+\.\d+)'/gm)];
  const tested = new Map(versions.map(([, name = '', version = '']) => [name, version]));
  for (const [what, range] of ranges) {
    const minor = (text = ''): number => Number(text.split('.')[1]);
    const version = tested.get(what.split(' on ')[1] ?? '');
    const [least, most = '3.997.0'] = range.split(' <');
    expect(minor(version), what).toBeGreaterThanOrEqual(minor(least));
    expect(minor(version), what).toBeLessThan(minor(most));
  }
});
