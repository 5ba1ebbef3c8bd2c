import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

// In the core's own folder, where only what it declares can be found.
const SCRIPT = `
  import { createRequire } from 'node:module';
  const { resolve } = createRequire(process.cwd() + '/package.json');
  const found = ['client-dynamodb', 'lib-dynamodb', 'client-sns', 'client-sqs'].filter((name) => {
    try { return resolve('@aws-sdk/' + name); } catch { return false; }
  });
  const { MemoryLogStorage } = await import('./src/index.ts');
  const { FIRST_SLOT } = await import('./src/internal.ts');
  const storage = new MemoryLogStorage();
  const key = { tenant: '', owner: 'o', taskId: 't' };
  const record = { id: 'r', instance: 'i', time: 1, slot: FIRST_SLOT, entries: [], body: '[]' };
  const put = await storage.putRecord(key, record);
  console.log(JSON.stringify({ found, put }));
`;

test('imports and works with no AWS package installed', { timeout: 30_000 }, () => {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=@a2a-aws/source', '--import=tsx', '--input-type=module', '--eval', SCRIPT],
    {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      env: { ...process.env, NODE_PATH: '' },
      encoding: 'utf8',
    },
  );
  expect(stdout, stderr).toBe('{"found":[],"put":{"written":true}}\n');
});
