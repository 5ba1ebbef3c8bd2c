import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
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

/**
 * Returns a port for a server that starts in another process. It is below the ports that systems give to
 * connections, so that no connection takes it before the server listens.
 */
export function serverPort(): number {
  return randomInt(20_000, 32_768);
}
