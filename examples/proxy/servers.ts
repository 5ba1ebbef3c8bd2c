import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const servers = new Set<ChildProcess>();

/** Starts a server of this folder in a process of its own. Resolves when it serves. */
export async function startServer(
  file: string,
  port: number,
  env: NodeJS.ProcessEnv = {},
): Promise<ChildProcess> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, path], {
    env: { A2A_LOG_LEVEL: 'warn', ...process.env, ...env, PORT: String(port) },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  servers.add(child);
  const exited = once(child, 'exit').then(() => {
    servers.delete(child);
    throw new Error(`${file} has ended.`);
  });
  exited.catch(() => {});
  await Promise.race([once(child, 'message'), exited]);
  return child;
}

/** Stops all servers that still run, the one that was started last first. */
export async function stopServers(): Promise<void> {
  for (const child of [...servers].reverse()) {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address ? address.port : 0;
}
