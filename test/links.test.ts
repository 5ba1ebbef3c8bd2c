import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = new URL('../', import.meta.url);

const pages = execFileSync('git', ['ls-files', '*.md'], { cwd: fileURLToPath(root) })
  .toString()
  .split('\n')
  .filter((path) => path !== '' && existsSync(new URL(path, root)));

/** The anchors that GitHub gives to the headings of a page. */
function anchorsOf(page: URL): string[] {
  const headings = readFileSync(page, 'utf8').matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
}

test.each(pages)('%s has no dead links to files and headings', (path) => {
  const page = new URL(path, root);
  const text = readFileSync(page, 'utf8').replace(/^```.*?^```/gms, '');
  const dead = [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => {
      const url = new URL(target, page);
      const anchor = decodeURIComponent(url.hash.slice(1));
      url.hash = '';
      if (!existsSync(url)) return true;
      return anchor !== '' && !anchorsOf(url).includes(anchor);
    });
  expect(dead).toEqual([]);
});
