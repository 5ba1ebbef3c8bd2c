import type { LocalAws } from '@a2a-aws/local';
import { ProcessLink, type Remote } from './process-link.ts';
import type { Arrivals, Load, TokenClients } from './token-clients.ts';
import type { TokenServer } from './token-server.ts';

const SERVER = './token-server-process.ts';
const CLIENTS = './token-clients-process.ts';

/** The arrivals of a load, and the CPU of both servers for each token, in milliseconds. */
export interface Cost extends Arrivals {
  readonly a: number;
  readonly b: number;
}

/** The servers A and B, and the clients of A, each in a process of its own. */
export class TokenFleet {
  readonly #aws: LocalAws;
  readonly #links: ProcessLink<object>[] = [];
  readonly #servers: { a: Remote<TokenServer>; b: Remote<TokenServer> };
  readonly clients: Remote<TokenClients>;
  #otherUrl = '';

  private constructor(aws: LocalAws) {
    this.#aws = aws;
    this.#servers = { a: this.#fork<TokenServer>(SERVER), b: this.#fork<TokenServer>(SERVER) };
    this.clients = this.#fork<TokenClients>(CLIENTS);
  }

  /** `maxRecordDelayMs`: the option of both servers. */
  static async start(aws: LocalAws, name: string, maxRecordDelayMs?: number): Promise<TokenFleet> {
    const fleet = new TokenFleet(aws);
    const { a, b } = fleet.#servers;
    const [url, otherUrl] = await Promise.all([
      a.serveBackend(name, 'A', maxRecordDelayMs),
      b.serveBackend(name, 'B', maxRecordDelayMs),
    ]);
    await fleet.clients.use(url);
    fleet.#otherUrl = otherUrl;
    return fleet;
  }

  /** Replaces A with a server of the SDK's own handler. */
  async useSdk(): Promise<void> {
    const { a } = this.#servers;
    await a.stop();
    this.#servers.a = this.#fork<TokenServer>(SERVER);
    await this.clients.use(await this.#servers.a.serveSdk());
  }

  /** `isFollowed`: each task is also followed on B. */
  async load({
    isFollowed = false,
    ...load
  }: Omit<Load, 'followedOn'> & { readonly isFollowed?: boolean }): Promise<Cost> {
    const before = await this.#cpu();
    const followedOn = isFollowed ? this.#otherUrl : undefined;
    const arrivals = await this.clients.read({ ...load, followedOn });
    const after = await this.#cpu();
    const each = (of: 'a' | 'b') => (after[of] - before[of]) / arrivals.tokens;
    return { ...arrivals, a: each('a'), b: each('b') };
  }

  async stop(): Promise<void> {
    await Promise.all(Object.values(this.#servers).map((server) => server.stop()));
    await Promise.all(this.#links.map((link) => link.close()));
  }

  async #cpu(): Promise<{ a: number; b: number }> {
    const { a, b } = this.#servers;
    return { a: await a.cpuMs(), b: await b.cpuMs() };
  }

  #fork<T extends object>(module: string): Remote<T> {
    const link = new ProcessLink<T>(module, this.#aws.env);
    this.#links.push(link);
    return link.remote;
  }
}
