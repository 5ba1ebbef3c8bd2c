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

  /** Where it is, while it is there. */
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
      // What they warn of is what is done to them.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.#child = child;
    this.#exited = once(child, 'exit');
    const told = await Promise.race([
      once(child, 'message', { signal: AbortSignal.timeout(START_LIMIT_MS) }),
      this.#exited.then(() => []),
    ]);
    const [message] = told as [{ port?: number } | undefined];
    // Ended before it was ready: it was shot while it started.
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

  /** Its counters, or nothing if it does not answer. */
  async stats(): Promise<BackendStats | undefined> {
    try {
      const answer = await fetch(`${this.#url}/stats`, { signal: AbortSignal.timeout(2_000) });
      return (await answer.json()) as BackendStats;
    } catch {
      return undefined;
    }
  }
}
