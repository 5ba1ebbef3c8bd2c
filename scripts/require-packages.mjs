/**
 * node scripts/require-packages.mjs
 *
 * Loads every entry of every published package with `require`, from its built `dist`, as a CommonJS
 * application on node 20.19 or later would. Exits with 1 if one does not load, or exports nothing.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folders = [...readdirSync(join(root, 'packages')).map((name) => `packages/${name}`), 'infra'];

for (const folder of folders) {
  const file = join(root, folder, 'package.json');
  const { name, exports, private: unpublished } = JSON.parse(readFileSync(file, 'utf8'));
  if (unpublished) continue;
  // A package may load itself by its name, through its own `exports`.
  const load = createRequire(file);
  for (const path of Object.keys(exports)) {
    const entry = name + path.slice(1);
    try {
      const exported = Object.keys(load(entry));
      if (exported.length === 0) throw new Error('It exports nothing');
      console.log(`${entry}: ${exported.length} exports`);
    } catch (error) {
      console.error(`${entry}:`, error);
      process.exitCode = 1;
    }
  }
}
