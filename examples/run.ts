/**
 * npm run example -- NAME
 *
 * Runs an example, on the AWS that the environment names with A2A_TABLE_NAME, else on an embedded one.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type LocalAws, startLocalAws } from '@a2a-aws/local';

const NAMES = ['express', 'auth', 'grpc', 'nestjs', 'queues', 'proxy'];

const [name = ''] = process.argv.slice(2);
const folder = fileURLToPath(new URL(name, import.meta.url));

if (NAMES.includes(name) && existsSync(folder)) {
  process.exitCode = await run();
} else {
  console.error(`Usage: npm run example -- ${NAMES.join('|')}`);
  process.exitCode = 2;
}

/** Runs the example to its end; returns its exit code. */
async function run(): Promise<number> {
  const aws: LocalAws | undefined = process.env.A2A_TABLE_NAME ? undefined : await startLocalAws();
  const child = spawn(process.execPath, [...process.execArgv, 'main.ts'], {
    cwd: folder,
    stdio: 'inherit',
    env: { PORT: '4000', ...process.env, ...aws?.env },
  });
  // A terminal sends Ctrl-C to the example as well.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  const [code] = await once(child, 'exit');
  await aws?.stop();
  return code ?? 1;
}
