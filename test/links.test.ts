import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = new URL('../', import.meta.url);

// Plain JavaScript without types: it also checks the generated reference.
const { deadLinks } = (await import(new URL('scripts/dead-links.mjs', root).href)) as {
  deadLinks(page: URL): string[];
};

const pages = execFileSync('git', ['ls-files', '*.md'], { cwd: fileURLToPath(root) })
  .toString()
  .split('\n')
  .filter((path) => path !== '' && existsSync(new URL(path, root)));

test.each(pages)('%s has no dead links to files and headings', (path) => {
  expect(deadLinks(new URL(path, root))).toEqual([]);
});
