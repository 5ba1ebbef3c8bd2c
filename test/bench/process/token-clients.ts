import { setTimeout as wait } from 'node:timers/promises';
import type { TokenOrder } from '../agent/token-agent.ts';
import { monotonicMs } from '../monotonic-time.ts';
import { quantile } from '../quantile.ts';
import { TokenStream } from './token-stream.ts';

/** The time from a publish to the client, and from a request to its first event, in milliseconds. */
export interface Arrivals {
  readonly tokens: number;
  readonly p50: number;
  readonly p95: number;
  readonly firstP50: number;
}

export interface Load {
  readonly streams: number;
  readonly order: TokenOrder;
  /** An instance on which each task is followed as well. */
  readonly followedOn?: string | undefined;
}

/** The streams begin evenly over this time, in milliseconds. */
const SPREAD_MS = 1_000;

/** The clients of token streams, in a process of their own. */
export class TokenClients {
  #url = '';
  #ages: number[] = [];
  #firsts: number[] = [];
  #crowd = newCrowd();
  readonly #open = new Set<TokenStream>();

  /** All streams are asked of the server at this URL from now on. */
  async use(url: string): Promise<void> {
    this.#url = url;
  }

  /** Reads streams to their ends. Rejects if one of them misses a token. */
  async read({ streams, order, followedOn }: Load): Promise<Arrivals> {
    this.#clear();
    await Promise.all(
      Array.from({ length: streams }, async (_, at) => {
        await wait((SPREAD_MS / streams) * at);
        await this.#stream(order, followedOn);
      }),
    );
    return this.#arrivals();
  }

  /** Reads streams one after the other. */
  async readInTurn(count: number, order: TokenOrder): Promise<Arrivals> {
    this.#clear();
    for (let at = 0; at < count; at += 1) await this.#stream(order);
    return this.#arrivals();
  }

  /** Adds streams that go on until {@link dismiss}: each begins again when it has ended. */
  async crowd(streams: number, order: TokenOrder): Promise<void> {
    const crowd = this.#crowd;
    for (let at = 0; at < streams; at += 1) {
      const again = async (): Promise<void> => {
        while (!crowd.isOver) await this.#stream(order);
      };
      const stream = again();
      stream.catch(() => {
        crowd.failures += 1;
      });
      crowd.streams.push(stream);
      await wait(SPREAD_MS / streams);
    }
  }

  /** Resolves with the tokens that arrive at the crowd in this time, and its failed streams so far. */
  async watch(ms: number): Promise<Arrivals & { readonly failures: number }> {
    this.#clear();
    await wait(ms);
    return { ...this.#arrivals(), failures: this.#crowd.failures };
  }

  /** Resolves when the streams of the crowd have ended. Rejects if one of them missed a token. */
  async dismiss(): Promise<void> {
    const crowd = this.#crowd;
    crowd.isOver = true;
    this.#crowd = newCrowd();
    await Promise.all(crowd.streams);
  }

  /** Disconnects the crowd. Its tasks go on until the server stops. */
  async leave(): Promise<void> {
    const crowd = this.#crowd;
    crowd.isOver = true;
    this.#crowd = newCrowd();
    for (const stream of this.#open) stream.close();
    await Promise.allSettled(crowd.streams);
  }

  async #stream(order: TokenOrder, followedOn?: string): Promise<void> {
    const begin = monotonicMs();
    const stream = await TokenStream.send(this.#url, order);
    this.#open.add(stream);
    let follower: Promise<void> | undefined;
    let count = 0;
    const read = stream.read({
      begun: (taskId) => {
        this.#firsts.push(monotonicMs() - begin);
        if (followedOn !== undefined) follower = follow(followedOn, taskId);
      },
      token: (age) => {
        count += 1;
        this.#ages.push(age);
      },
    });
    await read.finally(() => this.#open.delete(stream));
    await follower;
    if (count !== order.tokens) throw new Error(`A client got ${count} of ${order.tokens} tokens.`);
  }

  #clear(): void {
    this.#ages = [];
    this.#firsts = [];
  }

  #arrivals(): Arrivals {
    const ages = this.#ages;
    return {
      tokens: ages.length,
      p50: quantile(ages, 0.5),
      p95: quantile(ages, 0.95),
      firstP50: quantile(this.#firsts, 0.5),
    };
  }
}

/** Streams that begin again when they have ended. */
function newCrowd(): { isOver: boolean; failures: number; readonly streams: Promise<void>[] } {
  return { isOver: false, failures: 0, streams: [] };
}

async function follow(url: string, taskId: string): Promise<void> {
  const stream = await TokenStream.subscribe(url, taskId);
  await stream.read({ begun: () => {}, token: () => {} });
}
