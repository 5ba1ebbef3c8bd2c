import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { patched } from './patches/anchor.ts';
import type { Patch } from './patches/patch.ts';
import { type Declarations, declarationsOf, productSources } from './patches/sources.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

let product: Declarations | undefined;

/** Returns the patched simulator as a worker's code. Fails if a patch does not fit. */
export async function bundleSimulator(patches: readonly Patch[] = []): Promise<string> {
  product ??= declarationsOf(productSources());
  const left = new Map(patched(patches, product).map(({ path, text }) => [path, text]));
  const { outputFiles } = await build({
    entryPoints: [`${ROOT}test/simulation/worker.ts`],
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    conditions: ['@a2a-aws/source'],
    logLevel: 'silent',
    plugins: [
      {
        name: 'patches',
        setup: ({ onLoad }) => {
          onLoad({ filter: /\.ts$/ }, ({ path }) => {
            const contents = left.get(path);
            if (contents === undefined) return undefined;
            left.delete(path);
            return { contents, loader: 'ts' };
          });
        },
      },
    ],
  });
  for (const path of left.keys()) throw new Error(`A patch is for ${path}, which nothing loads.`);
  return outputFiles[0]?.text ?? '';
}
