import type { LocalAws } from '@a2a-aws/local';
import type { InstanceServer } from './instance-server.ts';
import { ProcessLink, type Remote } from './process-link.ts';

const MODULE = './instance-process.ts';

/** Two instances of one fleet, each in a process of its own: A runs the agent, B has the tap. */
export class Pair {
  readonly #a: ProcessLink<InstanceServer>;
  readonly #b: ProcessLink<InstanceServer>;

  private constructor(env: Readonly<Record<string, string>>) {
    this.#a = new ProcessLink(MODULE, env);
    this.#b = new ProcessLink(MODULE, env);
  }

  /**
   * `fleet` tells the rows of one figure's instances from those of another's; `env` goes before what
   * the local AWS says.
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

  /** The next age that B tells of. */
  nextAge(): Promise<number> {
    return this.#b.nextNote();
  }

  /** Begins a task on A with a tap on B; resolves with its id once A knows of the tap. */
  async openTask(aged = false): Promise<string> {
    const heard = await this.a.received();
    const id = await this.a.send();
    await this.b.subscribe(id, aged);
    while ((await this.a.received()) === heard) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return id;
  }

  /** Resolves when both have done all that follows from the last task. */
  async settled(): Promise<void> {
    await Promise.all([this.a.settled(), this.b.settled()]);
  }

  async stop(): Promise<void> {
    await Promise.all([this.a.stop(), this.b.stop()]);
    await Promise.all([this.#a.close(), this.#b.close()]);
  }
}
