/** The highest size of the bodies that are being sent, in bytes; the last one may exceed it. */
const MAX_BYTES = 64 * 1024 * 1024;
/** The part of that which one host may fill. */
const MAX_BYTES_OF_HOST = MAX_BYTES / 4;
/** How many hosts are known as good. */
const MAX_GOOD_HOSTS = 10_000;

export interface CallLimits {
  /** The highest number of simultaneous calls. */
  readonly maxCalls: number;
  /** The highest number of simultaneous calls to one host. */
  readonly maxCallsPerHost: number;
}

/** A call that has its place. */
export interface Place<Body> {
  readonly body: Body;
  /** Frees the place. Must be called exactly once; `isGood`: the host has answered in time. */
  release(isGood: boolean): void;
}

interface Host {
  readonly name: string;
  calls: number;
  bytes: number;
  /** Each gives a waiting call its place. */
  readonly waiting: Set<() => void>;
}

/**
 * The places for simultaneous calls. Calls to one host get them in order of arrival. The hosts take
 * turns, and one quarter of the places is for hosts that have answered their last call. So neither a
 * host with many calls nor many hosts that hang delay calls to others.
 */
export class CallPlaces {
  readonly #limits: CallLimits;
  readonly #hosts = new Map<string, Host>();
  /** The hosts whose next call waits only for a place of all hosts, the next one first. */
  readonly #turns = new Set<Host>();
  /** The hosts that have answered their last call, the one that answered last at the end. */
  readonly #good = new Set<string>();
  #calls = 0;
  #doubtfulCalls = 0;
  #bytes = 0;

  constructor(limits: CallLimits) {
    this.#limits = limits;
  }

  /**
   * Resolves once a place is free; with `undefined` if the signal aborts before. `make` must not throw,
   * and makes the body only then, so that calls that wait need no memory for it.
   */
  acquire<Body extends { readonly length: number } | undefined>(
    name: string,
    signal: AbortSignal,
    make: () => Body,
  ): Promise<Place<Body> | undefined> {
    if (signal.aborted) return Promise.resolve(undefined);
    const host = this.#hosts.get(name) ?? { name, calls: 0, bytes: 0, waiting: new Set() };
    this.#hosts.set(name, host);
    return new Promise((resolve) => {
      const enter = (): void => {
        signal.removeEventListener('abort', leave);
        const body = make();
        const release = this.#enter(host, body?.length ?? 0);
        resolve({ body, release });
      };
      const leave = (): void => {
        host.waiting.delete(enter);
        this.#update(host);
        resolve(undefined);
      };
      signal.addEventListener('abort', leave, { once: true });
      host.waiting.add(enter);
      this.#update(host);
      this.#fill();
    });
  }

  #enter(host: Host, bytes: number): (isGood: boolean) => void {
    const isDoubtful = !this.#good.has(host.name);
    const count = (by: 1 | -1): void => {
      host.calls += by;
      host.bytes += by * bytes;
      this.#calls += by;
      this.#bytes += by * bytes;
      if (isDoubtful) this.#doubtfulCalls += by;
    };
    count(1);
    return (isGood) => {
      count(-1);
      this.#good.delete(host.name);
      if (isGood) this.#good.add(host.name);
      const [oldest = ''] = this.#good;
      if (this.#good.size > MAX_GOOD_HOSTS) this.#good.delete(oldest);
      this.#update(host);
      this.#fill();
    };
  }

  #fill(): void {
    const { maxCalls } = this.#limits;
    for (const host of this.#turns) {
      if (this.#calls >= maxCalls || this.#bytes >= MAX_BYTES) return;
      if (!this.#good.has(host.name) && this.#doubtfulCalls >= Math.ceil(maxCalls * 0.75)) continue;
      const [enter] = host.waiting;
      if (enter) host.waiting.delete(enter);
      this.#turns.delete(host);
      enter?.();
      this.#update(host);
    }
  }

  /** Gives a host a turn at the end, unless it has one or needs none. */
  #update(host: Host): void {
    const hasRoom = host.calls < this.#limits.maxCallsPerHost && host.bytes < MAX_BYTES_OF_HOST;
    if (host.waiting.size > 0 && hasRoom) this.#turns.add(host);
    else this.#turns.delete(host);
    if (host.waiting.size === 0 && host.calls === 0) this.#hosts.delete(host.name);
  }
}
