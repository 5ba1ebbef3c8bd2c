import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const entry = fileURLToPath(new URL('../src/index.ts', import.meta.url));

test('The package has less than 6 KB for a browser, and imports no other package.', async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
  });
  const [bundle] = outputFiles;
  console.info(`@a2a-aws/client: ${bundle?.contents.length} bytes, minified`);
  expect(bundle?.contents.length).toBeLessThan(6 * 1024);
  const sources = Object.keys(metafile.inputs);
  expect(sources.filter((path) => !path.includes('packages/client/src/'))).toEqual([]);
});
