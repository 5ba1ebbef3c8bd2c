interface Host {
  active: number;
  readonly waiting: Set<() => void>;
}

export interface CallLimits {
  /** The highest number of simultaneous calls. */
  readonly maxCalls: number;
  /** The highest number of simultaneous calls to one host. */
  readonly maxCallsPerHost: number;
}

/**
 * The places for simultaneous calls. Calls to one host get them in order of arrival. The hosts take
 * turns, so that many calls to one host do not delay calls to another.
 */
export class CallPlaces {
  readonly #limits: CallLimits;
  readonly #hosts = new Map<string, Host>();
  /** The hosts whose next call waits only for a place of all hosts, the next one first. */
  readonly #turns = new Set<Host>();
  #active = 0;

  constructor(limits: CallLimits) {
    this.#limits = limits;
  }

  /**
   * Resolves once a place is free, with a function that frees it again and must be called exactly once;
   * with `undefined` if the signal aborts before.
   */
  async acquire(name: string, signal: AbortSignal): Promise<(() => void) | undefined> {
    if (signal.aborted) return undefined;
    const host = this.#hosts.get(name) ?? { active: 0, waiting: new Set() };
    this.#hosts.set(name, host);
    const isPlaced = await new Promise<boolean>((resolve) => {
      const enter = (): void => {
        signal.removeEventListener('abort', leave);
        resolve(true);
      };
      const leave = (): void => {
        host.waiting.delete(enter);
        this.#update(name, host);
        resolve(false);
      };
      signal.addEventListener('abort', leave, { once: true });
      host.waiting.add(enter);
      this.#update(name, host);
      this.#fill();
    });
    if (!isPlaced) return undefined;
    return () => {
      host.active -= 1;
      this.#active -= 1;
      this.#update(name, host);
      this.#fill();
    };
  }

  #fill(): void {
    for (const host of this.#turns) {
      if (this.#active >= this.#limits.maxCalls) return;
      const [enter] = host.waiting;
      this.#turns.delete(host);
      if (!enter) continue;
      host.waiting.delete(enter);
      host.active += 1;
      this.#active += 1;
      this.#queue(host);
      enter();
    }
  }

  #update(name: string, host: Host): void {
    this.#queue(host);
    if (host.active === 0 && host.waiting.size === 0) this.#hosts.delete(name);
  }

  /** Gives a host a turn at the end, unless it has one or needs none. */
  #queue(host: Host): void {
    const needsTurn = host.waiting.size > 0 && host.active < this.#limits.maxCallsPerHost;
    if (needsTurn) this.#turns.add(host);
    else this.#turns.delete(host);
  }
}
