import { type ChildProcess, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { BackendError, systemClock } from '@a2a-aws/core';
import { withTimeout } from '@a2a-aws/core/internal';
import type { BackendStats } from 'a2a-aws';
import { loopbackUrl } from '../loopback.ts';
import { inheritedFlags } from './inherited-flags.ts';
import type { ServerMessage, ServerSettings } from './server-protocol.ts';

/** One server process of a cluster. */
export interface ClusterInstance {
  /** `A`, `B`, `C` … */
  readonly name: string;
  /** Its own base URL; `/a2a/jsonrpc`, `/a2a/rest`, `/health` and `/stats` are below it. */
  readonly url: string;
  readonly pid: number;
  /** Resolves once the process is gone, with its exit code or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
  /** Sends a signal: SIGTERM lets it drain, SIGKILL is a crash. Does nothing once it is gone. */
  kill(signal: NodeJS.Signals): void;
  /**
   * Returns the counters of its backend.
   *
   * @throws BackendError `unreachable` when it does not answer.
   */
  stats(): Promise<BackendStats>;
}

/** A server process as its cluster holds it. */
export interface ServerProcess {
  readonly instance: ClusterInstance;
  isAlive(): boolean;
  /** SIGTERM, and SIGKILL if that is not enough; resolves once it is gone. */
  stop(): Promise<void>;
}

const START_LIMIT_MS = 60_000;
/** More than a server takes of its own accord. */
const STOP_LIMIT_MS = 20_000;
const STATS_LIMIT_MS = 5_000;

const EXTENSION = extname(import.meta.url);
const ENTRY = fileURLToPath(new URL(`./server${EXTENSION}`, import.meta.url));

/**
 * Starts a server process with `env` in its environment, and waits until it accepts requests. It
 * ends together with this process, and writes to the output of this process.
 *
 * @throws BackendError the error of the server, `configuration` when its process ended,
 * `unreachable` when it did not get ready in 60 s. The process is gone then.
 */
export async function startServer(
  settings: ServerSettings,
  env: NodeJS.ProcessEnv,
): Promise<ServerProcess> {
  const child = fork(ENTRY, [JSON.stringify(settings)], {
    execArgv: EXTENSION === '.ts' ? sourceFlags() : inheritedFlags(process.execArgv),
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    // Out of the terminal's process group: Ctrl-C is the parent's, which then stops its servers.
    detached: true,
  });
  const exited = exit(child);
  const url = loopbackUrl(await listening(settings.name, child, exited));
  return {
    instance: {
      name: settings.name,
      url,
      pid: child.pid ?? 0,
      exited,
      kill: (signal) => void child.kill(signal),
      stats: () => stats(url),
    },
    isAlive: () => child.exitCode === null && child.signalCode === null,
    async stop() {
      child.kill('SIGTERM');
      if ((await withTimeout(systemClock, STOP_LIMIT_MS, exited)) !== undefined) return;
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** The port that the server says it listens on. */
async function listening(
  name: string,
  child: ChildProcess,
  exited: Promise<unknown>,
): Promise<number> {
  const told = new Promise<ServerMessage>((resolve) => child.once('message', resolve));
  const gone = exited.then(
    (): ServerMessage => ({
      failed: 'configuration',
      reason: 'The process ended before it was ready.',
    }),
  );
  const first = await withTimeout(systemClock, START_LIMIT_MS, Promise.race([told, gone]));
  if (first !== undefined && 'port' in first) return first.port;
  child.kill('SIGKILL');
  await exited;
  throw new BackendError(first?.failed ?? 'unreachable', `Server ${name} did not start.`, {
    cause: new Error(first?.reason ?? 'It did not get ready in time.'),
  });
}

function exit(child: ChildProcess): Promise<number | NodeJS.Signals> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 1));
    // It could not be started at all.
    child.once('error', () => child.pid === undefined && resolve(1));
  });
}

async function stats(url: string): Promise<BackendStats> {
  try {
    const response = await fetch(`${url}/stats`, { signal: AbortSignal.timeout(STATS_LIMIT_MS) });
    return (await response.json()) as BackendStats;
  } catch (cause) {
    throw new BackendError('unreachable', 'The server does not answer.', { cause });
  }
}

/** The flags that run TypeScript from source, whatever runs this process. */
function sourceFlags(): string[] {
  const tsx = createRequire(import.meta.url).resolve('tsx');
  return ['--conditions=@a2a-aws/source', '--import', pathToFileURL(tsx).href];
}
