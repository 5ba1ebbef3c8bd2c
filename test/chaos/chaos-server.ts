import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { LeaseSettings } from '@a2a-aws/core';
import type { BackendStats } from 'a2a-aws';
import type { Bundles } from './bundles.ts';

export interface ServerPlan {
  readonly bundles: Bundles;
  readonly env: Readonly<Record<string, string>>;
  readonly lease: LeaseSettings;
}

const START_LIMIT_MS = 60_000;

/** One place in the fleet: a server process, and after its end the next one. */
export class ChaosServer {
  readonly name: string;
  readonly #plan: ServerPlan;
  #child: ChildProcess | undefined;
  #url = '';
  #exited: Promise<unknown> = Promise.resolve();

  constructor(name: string, plan: ServerPlan) {
    this.name = name;
    this.#plan = plan;
  }

  /** The server's URL; empty while it does not run. */
  get url(): string {
    return this.#url;
  }

  /** Starts a process; resolves when it takes requests. */
  async start(): Promise<void> {
    const { bundles, env, lease } = this.#plan;
    const settings = {
      name: this.name,
      publicUrl: 'http://127.0.0.1',
      executor: bundles.agent,
      lease,
    };
    const child = fork(bundles.server, [JSON.stringify(settings)], {
      env: {
        ...process.env,
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
        A2A_LOG_LEVEL: 'warn',
        ...env,
      },
      execArgv: [],
      // Their warnings report only the faults that this test causes.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.#child = child;
    this.#exited = once(child, 'exit');
    const first = await Promise.race([
      once(child, 'message', { signal: AbortSignal.timeout(START_LIMIT_MS) }),
      this.#exited.then(() => []),
    ]);
    const [message] = first as [{ port?: number } | undefined];
    // No message: the process was killed while it started.
    if (message?.port !== undefined) this.#url = `http://127.0.0.1:${message.port}`;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Resolves when the process is gone, whatever ended it. */
  async gone(): Promise<void> {
    await this.#exited;
    this.#url = '';
  }

  /** Returns the server's counters; undefined if it does not answer. */
  async stats(): Promise<BackendStats | undefined> {
    try {
      const answer = await fetch(`${this.#url}/stats`, { signal: AbortSignal.timeout(2_000) });
      return (await answer.json()) as BackendStats;
    } catch {
      return undefined;
    }
  }
}
