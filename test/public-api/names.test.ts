import { readFileSync } from 'node:fs';
import { parseSync } from 'oxc-parser';
import { describe, expect, test } from 'vitest';
import { ENTRY_POINTS } from './entry-points.ts';

const root = new URL('../../', import.meta.url);

/** Returns what a source exports, sorted: `name`, or `name: type`. */
function exportsOf(file: string): string[] {
  const { module } = parseSync(file, readFileSync(new URL(file, root), 'utf8'));
  return module.staticExports
    .flatMap(({ entries }) => entries)
    .map(({ exportName, isType }) => `${exportName.name}${isType ? ': type' : ''}`)
    .sort();
}

describe.each(Object.entries(ENTRY_POINTS))('The package %s', (name, { file, names }) => {
  test('exports these names and no others', () => {
    expect(exportsOf(file)).toEqual(names);
  });

  test('has the values at run time', async () => {
    const values = names.filter((one) => !one.endsWith(': type'));
    expect(Object.keys(await import(name)).sort()).toEqual(values);
  });
});
