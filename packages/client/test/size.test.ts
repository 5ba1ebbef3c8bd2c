import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { ScriptedClient, status, task } from './fixtures/scripted-client.ts';

const entry = fileURLToPath(new URL('../src/index.ts', import.meta.url));

/** Returns the package as one minified script for browsers, and the files that it consists of. */
async function bundle(): Promise<{ script: string; sources: string[] }> {
  const { outputFiles, metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'iife',
    globalName: 'a2a',
    platform: 'browser',
    target: 'es2022',
  });
  return { script: outputFiles[0]?.text ?? '', sources: Object.keys(metafile.inputs) };
}

test('The package has less than 6 KB for a browser, and imports no other package.', async () => {
  const { sources } = await bundle();
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
  });
  const size = outputFiles[0]?.contents.length;
  console.info(`@a2a-aws/client: ${size} bytes, minified`);
  expect(size).toBeLessThan(6 * 1024);
  expect(sources.filter((path) => !path.includes('packages/client/src/'))).toEqual([]);
});

test('The package needs nothing from node, nor a page with TLS.', async () => {
  const { script } = await bundle();
  const { getRandomValues } = crypto;
  // The globals that every page has.
  const globals = {
    AbortController,
    setTimeout,
    clearTimeout,
    crypto: { getRandomValues: getRandomValues.bind(crypto) },
  };
  const client = new ScriptedClient([
    [new TypeError('network error')],
    [task(1), new TypeError('network error')],
    [status(2, 'COMPLETED')],
  ]);
  const context = createContext({ ...globals, client });
  runInContext(script, context);
  const kinds: unknown = await runInContext(
    `(async () => {
      const kinds = [];
      const agent = a2a.resumable(client, { store: a2a.memoryStore(), backoff: { firstMs: 1 } });
      const request = { tenant: '', message: { messageId: '' } };
      for await (const { payload } of agent.sendMessageStream(request)) kinds.push(payload.$case);
      return kinds.join();
    })()`,
    context,
  );
  expect(kinds).toBe('task,statusUpdate');
  expect(client.methods).toEqual(['send', 'send', 'subscribe c1']);
});
