import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** One place in the sources where other text is to stand. */
export interface Patch {
  /** From the workspace's root. */
  readonly file: string;
  /** Stands there exactly once. */
  readonly find: string;
  readonly put: string;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The simulator with all that it plays, as the code of a worker, patched. Fails if a patch does not fit. */
export async function bundleSimulator(patches: readonly Patch[] = []): Promise<string> {
  const left = new Set(patches);
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
          onLoad({ filter: /\.ts$/ }, async ({ path }) => {
            const own = patches.filter(({ file }) => path === ROOT + file);
            if (own.length === 0) return undefined;
            let contents = await readFile(path, 'utf8');
            for (const patch of own) {
              contents = patched(contents, patch);
              left.delete(patch);
            }
            return { contents, loader: 'ts' };
          });
        },
      },
    ],
  });
  for (const { file } of left) throw new Error(`A patch is for ${file}, which nothing loads.`);
  return outputFiles[0]?.text ?? '';
}

function patched(contents: string, { file, find, put }: Patch): string {
  const pieces = contents.split(find);
  if (pieces.length !== 2) {
    throw new Error(`In ${file} this stands ${pieces.length - 1} times, not once: ${find}`);
  }
  return pieces.join(put);
}
