import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const ENTRIES = {
  server: new URL('../../packages/local/src/cluster/server.ts', import.meta.url),
  agent: new URL('../fixtures/counting-agent.ts', import.meta.url),
};

export interface Bundles {
  /** The path of the cluster's own server program. */
  readonly server: string;
  /** The URL of the agent's module. */
  readonly agent: string;
  remove(): Promise<void>;
}

/** Bundles the server and its agent into one file each, so that a hundred processes start fast. */
export async function bundles(): Promise<Bundles> {
  const folder = await mkdtemp(join(tmpdir(), 'a2a-chaos-'));
  await build({
    entryPoints: Object.fromEntries(
      Object.entries(ENTRIES).map(([name, url]) => [name, fileURLToPath(url)]),
    ),
    outdir: folder,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    conditions: ['@a2a-aws/source'],
    define: { 'import.meta.url': '__moduleUrl' },
    banner: { js: "const __moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
    logLevel: 'error',
  });
  return {
    server: join(folder, 'server.cjs'),
    agent: pathToFileURL(join(folder, 'agent.cjs')).href,
    remove: () => rm(folder, { recursive: true }),
  };
}
