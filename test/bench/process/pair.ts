import type { LocalAws } from '@a2a-aws/local';
import type { InstanceServer } from './instance-server.ts';
import { ProcessLink, type Remote } from './process-link.ts';

const MODULE = './instance-process.ts';

/** Two instances of one fleet in separate processes: A runs the agent, B has the tap. */
export class Pair {
  readonly #a: ProcessLink<InstanceServer>;
  readonly #b: ProcessLink<InstanceServer>;

  private constructor(env: Readonly<Record<string, string>>) {
    this.#a = new ProcessLink(MODULE, env);
    this.#b = new ProcessLink(MODULE, env);
  }

  /**
   * Starts both instances. `fleet` separates the rows of one figure's instances from another's;
   * `env` takes precedence over the variables of the local AWS.
   */
  static async start(
    aws: LocalAws,
    fleet: string,
    metered: boolean,
    env: Readonly<Record<string, string>> = {},
  ): Promise<Pair> {
    const pair = new Pair({ ...aws.env, ...env });
    await Promise.all([pair.a.start(fleet, 'A', metered), pair.b.start(fleet, 'B', metered)]);
    return pair;
  }

  get a(): Remote<InstanceServer> {
    return this.#a.remote;
  }

  get b(): Remote<InstanceServer> {
    return this.#b.remote;
  }

  /** Resolves with the next age that B reports. */
  nextAge(): Promise<number> {
    return this.#b.nextNote();
  }

  /** Begins a task on A with a tap on B. Resolves with its id once A knows of the tap. */
  async openTask(aged = false): Promise<string> {
    const heard = await this.a.received();
    const id = await this.a.send();
    await this.b.subscribe(id, aged);
    while ((await this.a.received()) === heard) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return id;
  }

  /** Resolves when both have finished all work for the last task. */
  async settled(): Promise<void> {
    await Promise.all([this.a.settled(), this.b.settled()]);
  }

  async stop(): Promise<void> {
    await Promise.all([this.a.stop(), this.b.stop()]);
    await Promise.all([this.#a.close(), this.#b.close()]);
  }
}
