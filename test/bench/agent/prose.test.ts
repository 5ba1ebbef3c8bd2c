import { readFile } from 'node:fs/promises';
import { deflateRawSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { prose } from './prose.ts';

const KILOBYTE = 1_024;

const ratio = (text: string): number => deflateRawSync(text).length / Buffer.byteLength(text);

it('deflates no better than the prose of this project, so that it flatters no figure', async () => {
  const files = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'LAWS.md', 'CHANGELOG.md'];
  const texts = await Promise.all(
    files.map((file) => readFile(new URL(`../../../${file}`, import.meta.url), 'utf8')),
  );
  const written = texts.join('\n').replace(/\s+/g, ' ');
  const made = Array.from({ length: Math.floor(written.length / KILOBYTE) }, (_, n) =>
    prose(KILOBYTE, n),
  );
  expect(ratio(made.join(''))).toBeGreaterThan(ratio(written) * 0.95);
  const pieces = made.map((_, n) => written.slice(n * KILOBYTE, (n + 1) * KILOBYTE));
  const mean = (all: readonly string[]): number =>
    all.reduce((sum, text) => sum + ratio(text), 0) / all.length;
  expect(mean(made)).toBeGreaterThan(mean(pieces) * 0.95);
});

it('has the requested length, is the same for one seed, and differs for another', () => {
  expect(prose(KILOBYTE, 1)).toHaveLength(KILOBYTE);
  expect(prose(KILOBYTE, 1)).toBe(prose(KILOBYTE, 1));
  expect(prose(KILOBYTE, 1)).not.toBe(prose(KILOBYTE, 2));
});
