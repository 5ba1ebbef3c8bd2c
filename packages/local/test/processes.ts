import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Starts a TypeScript file beside this one from source; gives the process and its first line. */
export async function startScript(
  file: string,
  args: readonly string[] = [],
): Promise<{ process: ChildProcess; line: string }> {
  const script = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(
    process.execPath,
    ['--conditions=@a2a-aws/source', '--import', 'tsx', script, ...args],
    { cwd: fileURLToPath(new URL('.', import.meta.url)), stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return { process: child, line };
}

export async function killed(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

/** Whether something accepts connections where `url` points to. */
export function listens(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  return new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
  }).finally(() => socket.destroy());
}

/** Linux: whether the process runs; one that has ended and is not reaped yet does not. */
export function runs(pid: number): boolean {
  const state = status(pid)?.state;
  return state !== undefined && state !== 'Z' && state !== 'X';
}

/** Linux: children of a process, their children, and so on. */
export function descendants(pid: number): { pid: number; name: string }[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => status(Number(name)) ?? []);
  const below = (parent: number): typeof all =>
    all.filter((one) => one.parent === parent).flatMap((one) => [one, ...below(one.pid)]);
  return below(pid);
}

function status(pid: number) {
  try {
    const [, name = '', state = '', parent = ''] =
      /\((.*)\) (\S) (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    return { pid, name, state, parent: Number(parent) };
  } catch {
    return undefined;
  }
}
