import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as client from '@a2a-aws/client';
import * as clientStores from '@a2a-aws/client/node';
import * as clientWebhooks from '@a2a-aws/client/webhook';
import * as infra from '@a2a-aws/infra';
import * as local from '@a2a-aws/local';
import * as backend from 'a2a-aws';
import { afterAll, expect, test } from 'vitest';

const root = new URL('../', import.meta.url);

/** Exports that need no example: errors, constants, and parts that are made by other exports. */
const WITHOUT_EXAMPLE = [
  'AgentErrorRaised',
  'Backend', // its methods have examples
  'BackendError',
  'DeadLetterQueue',
  'DistributedEventQueue',
  'DynamoDBPushNotificationStore',
  'EventConsumer',
  'InMemoryQueueManager',
  'JSON_BODY',
  'LATEST_ONLY_PUSHES', // a constant, whose comment has an example
  'NoTaskQueue',
  'QueueLifecycleManager',
  'QueueShutDown',
  'RESUMABLE_STREAMS', // a constant, whose comment has an example
  'ResumeError',
  'TaskQueueExists',
  'acknowledgeInstanceWildcards',
  'createDynamoDBClient',
  'createFanoutClients',
  'documentClient',
  'grantInstance',
  'instancePolicyStatements',
  'janitorPolicyStatements',
];

/** A comment with an example, and the line that it documents. */
interface Example {
  readonly path: string;
  readonly declaration: string;
  readonly code: string | undefined;
}

const examples = execFileSync('git', ['ls-files', 'packages/*/src/*.ts', 'infra/src/*.ts'], {
  cwd: fileURLToPath(root),
})
  .toString()
  .split('\n')
  .filter((path) => path !== '' && existsSync(new URL(path, root)))
  .flatMap(examplesIn);

function examplesIn(path: string): Example[] {
  const text = readFileSync(new URL(path, root), 'utf8');
  return [...text.matchAll(/\/\*\*((?:(?!\*\/).)*?@example.*?)\*\/\n([^\n]*)/gs)].map(
    ([, comment = '', declaration = '']) => {
      const lines = comment.replace(/^ *\* ?/gm, '');
      const [, code] = /@example\n```ts\n(.*?)```/s.exec(lines) ?? [];
      return { path, declaration, code };
    },
  );
}

/** Examples are compiled where their imports are found. */
function folderOf({ path }: Example): string {
  if (path.startsWith('infra/')) return 'infra/test/.doc-examples';
  return /^packages\/(client|local)\//.test(path)
    ? 'test/.doc-examples'
    : 'packages/a2a-aws/test/.doc-examples';
}

const folders = [...new Set(examples.map(folderOf))];

afterAll(() => {
  for (const folder of folders) rmSync(new URL(folder, root), { recursive: true, force: true });
});

test('Every function and class that users call has an example.', () => {
  const names = Object.keys({
    ...backend,
    ...client,
    ...clientStores,
    ...clientWebhooks,
    ...infra,
    ...local,
  });
  const documented = examples.flatMap(
    ({ declaration }) => /^export (?:async )?(?:function|class) (\w+)/.exec(declaration)?.[1] ?? [],
  );
  expect(names.filter((name) => !documented.includes(name)).sort()).toEqual(WITHOUT_EXAMPLE);
});

test('Every example is TypeScript that compiles.', { timeout: 120_000 }, () => {
  expect(examples.filter(({ code }) => code === undefined)).toEqual([]);
  for (const folder of folders) mkdirSync(new URL(folder, root), { recursive: true });
  const files = examples.map((example, index) => {
    const file = new URL(`${folderOf(example)}/${index}.ts`, root);
    writeFileSync(file, `// ${example.path}\n${example.code}\nexport {};\n`);
    return fileURLToPath(file);
  });
  const config = new URL('test/.doc-examples/tsconfig.json', root);
  const compilerOptions = {
    composite: false,
    declaration: true,
    isolatedDeclarations: false,
    noEmit: true,
    typeRoots: [fileURLToPath(new URL('node_modules/@types', root))],
  };
  const context = fileURLToPath(new URL('test/fixtures/example-context.d.ts', root));
  const base = fileURLToPath(new URL('tsconfig.base.json', root));
  writeFileSync(
    config,
    JSON.stringify({ extends: base, compilerOptions, files: [context, ...files] }),
  );
  const tsc = fileURLToPath(new URL('node_modules/typescript/bin/tsc', root));
  expect(diagnostics(tsc, fileURLToPath(config))).toBe('');
});

/** Returns the output of the compiler: empty if there is nothing wrong. */
function diagnostics(tsc: string, config: string): string {
  try {
    return execFileSync(process.execPath, [tsc, '-p', config], { encoding: 'utf8' });
  } catch (error) {
    return String((error as { stdout?: unknown }).stdout);
  }
}
