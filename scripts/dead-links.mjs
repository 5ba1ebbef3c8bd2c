#!/usr/bin/env node
/**
 * node scripts/dead-links.mjs FOLDER
 *
 * Lists the links of all Markdown pages in a folder that lead to no file or heading, and fails if
 * there are any, or if there are no pages.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Returns the targets of a page's links to files and headings that do not exist. */
export function deadLinks(page) {
  const text = readFileSync(page, 'utf8').replace(/^```.*?^```/gms, '');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => {
      const url = new URL(target, page);
      const anchor = decodeURIComponent(url.hash.slice(1));
      url.hash = '';
      if (!existsSync(url)) return true;
      return anchor !== '' && !anchorsOf(url).has(anchor);
    });
}

/** The anchors that GitHub gives to the headings of a page. */
function anchorsOf(page) {
  const anchors = new Set();
  for (const [, heading] of readFileSync(page, 'utf8').matchAll(/^#+ (.*)$/gm)) {
    const anchor = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    let name = anchor;
    for (let again = 1; anchors.has(name); again += 1) name = `${anchor}-${again}`;
    anchors.add(name);
  }
  return anchors;
}

function main(folder) {
  const pages = readdirSync(folder, { recursive: true }).filter((path) => path.endsWith('.md'));
  const dead = pages.flatMap((path) =>
    deadLinks(pathToFileURL(join(folder, path))).map((target) => `${path}: ${target}`),
  );
  for (const line of dead) console.error(line);
  console.log(`${pages.length} pages, ${dead.length} dead links`);
  if (pages.length === 0 || dead.length > 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv[2]);
