import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';

/** A child process that does not outlive this one, however this one ends. */
export interface GuardedChild {
  readonly process: ChildProcess;
  /** The beginning of its output on stderr, at most {@link MAX_STDERR} characters and a chunk. */
  stderr(): string;
  /** Resolves with the reason once the child and its guard are gone; never rejects. */
  readonly ended: Promise<Error>;
  /** Kills it, and resolves once it is gone. Repeated calls are harmless. */
  stop(): Promise<void>;
}

const MAX_STDERR = 4096;

/**
 * File descriptor 3 is a socket to the parent. A subshell waits on it and kills `$$`, which `exec`
 * turns into the program. A line means that the program is gone and its pid must be left alone;
 * end-of-file means that the parent is gone.
 */
const LIFELINE = `{ read -r _ <&3 || kill -9 $$; } >/dev/null 2>&1 &
exec "$@" 3<&-`;

/**
 * Starts a program that knows nothing of its parent, under a POSIX shell's guard.
 *
 * The parent's end, SIGKILL included, ends the program; so does the guard's end while the parent
 * lives. Only a parent and a guard killed in the same instant leave it running.
 */
export function guardProgram(command: string, args: readonly string[]): GuardedChild {
  const guarded = start('/bin/sh', ['-c', LIFELINE, 'sh', command, ...args], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const child = guarded.process;
  const lifeline = child.stdio[3] as Duplex;
  lifeline.on('error', () => {});
  lifeline.once('close', () => child.kill('SIGKILL'));
  lifeline.resume();
  child.once('exit', () => lifeline.end('\n'));
  return guarded;
}

/**
 * Starts a CommonJS script, given as text so that source and build need no file of it, in a node of
 * its own; `process.argv[1]` is the first of `args`. The script has an IPC channel and must end on
 * `disconnect`, which comes whenever the parent ends.
 */
export function guardScript(
  script: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): GuardedChild {
  return start(process.execPath, ['--input-type=commonjs', '--eval', script, ...args], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // The parent's loaders and inspector are no business of the child's.
    env: { ...process.env, NODE_OPTIONS: '', ...env },
  });
}

function start(command: string, args: readonly string[], options: SpawnOptions): GuardedChild {
  const child = spawn(command, args, {
    ...options,
    // Out of the terminal's process group: after Ctrl-C the parent still drains through the child.
    detached: true,
    windowsHide: true,
  });
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    if (text.length < MAX_STDERR) text += chunk;
  });
  const ended = new Promise<Error>((resolve) => {
    child.once('error', resolve);
    child.once('close', (code, signal) => {
      resolve(
        new Error(`the child process ended with ${signal ?? `code ${code}`}`, { cause: text }),
      );
    });
  });
  return {
    process: child,
    stderr: () => text,
    ended,
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
