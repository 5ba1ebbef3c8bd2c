import { errorCode } from '../errors.ts';
import type { InstanceRegistry, Lease } from '../ports/instance-registry.ts';
import { leaseOrigin } from './lease-origin.ts';

/** The number of instances that are remembered: more than any fleet has at once. */
const MAX_REMEMBERED = 10_000;

/**
 * Selects the instances that doorbells may be sent to: those whose leases belong to this table. A lease
 * that came with a copy of another table, or may have, names an endpoint that another fleet may use.
 * Reads each lease once.
 */
export class ReachableTargets {
  readonly #registry: Pick<InstanceRegistry, 'identity' | 'lease'>;
  readonly #verdicts = new Map<string, boolean>();
  readonly #asked = new Map<string, Promise<void>>();

  /** `own`: the instance itself, which needs no proof. */
  constructor(own: string, registry: Pick<InstanceRegistry, 'identity' | 'lease'>) {
    this.#registry = registry;
    this.#verdicts.set(own, true);
  }

  /**
   * Returns the targets that may be reached: at once if each is known, else a promise. Rejects with a
   * coded error if a lease cannot be read.
   */
  of(targets: readonly string[]): readonly string[] | Promise<readonly string[]> {
    const unknown = targets.filter((target) => !this.#verdicts.has(target));
    if (unknown.length === 0) return this.#reachable(targets);
    return Promise.all(unknown.map((target) => this.#ask(target))).then(() =>
      this.#reachable(targets),
    );
  }

  #reachable(targets: readonly string[]): readonly string[] {
    return targets.filter((target) => this.#verdicts.get(target) ?? true);
  }

  #ask(target: string): Promise<void> {
    let asked = this.#asked.get(target);
    if (!asked) {
      asked = this.#judge(target).finally(() => this.#asked.delete(target));
      this.#asked.set(target, asked);
    }
    return asked;
  }

  async #judge(target: string): Promise<void> {
    const [identity, lease] = await Promise.all([
      this.#registry.identity(),
      this.#registry.lease(target).catch((error: unknown): 'newer' => {
        if (errorCode(error) !== 'corrupt-log') throw error;
        return 'newer';
      }),
    ]);
    if (this.#verdicts.size >= MAX_REMEMBERED) {
      const [, oldest] = this.#verdicts.keys();
      if (oldest !== undefined) this.#verdicts.delete(oldest);
    }
    this.#verdicts.set(target, lease !== undefined && isReachable(lease, identity));
  }
}

/** Instances of a newer release, whose leases this one cannot read, receive doorbells, too. */
function isReachable(lease: Lease | 'newer', identity: string): boolean {
  return lease === 'newer' || leaseOrigin(lease, identity) === 'own';
}
