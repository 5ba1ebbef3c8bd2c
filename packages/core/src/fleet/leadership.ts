import { errorCode } from '../errors.ts';
import { type Clock, elapsed } from '../ports/clock.ts';
import type { InstanceRegistry, Lease } from '../ports/instance-registry.ts';
import type { Logger } from '../ports/logger.ts';
import { LeaseObserver } from './lease-observer.ts';
import type { LeaseSettings } from './lease-settings.ts';
import { canLead } from './role.ts';

export interface LeadershipDeps {
  readonly instance: string;
  readonly registry: InstanceRegistry;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: LeaseSettings;
}

/**
 * Decides which instance inspects all leases; the others inspect only the leader's. This is only an
 * optimization: two simultaneous leaders duplicate idempotent work.
 */
export class Leadership {
  readonly #deps: LeadershipDeps;
  readonly #observer: LeaseObserver;
  #leader: string | undefined;
  #learnedAtMs = 0;
  #resignedAtMs: number | undefined;

  constructor(deps: LeadershipDeps) {
    this.#deps = deps;
    this.#observer = new LeaseObserver(deps.settings);
  }

  /** True while this instance must inspect all leases. */
  get isHeld(): boolean {
    return this.#leader === this.#deps.instance;
  }

  /** Milliseconds until the leader's lease must be inspected again. */
  get restMs(): number {
    return this.#observer.restMs;
  }

  /** Inspects the leader's lease, and replaces a dead leader. Returns true if this instance leads now. */
  async chooseLeader(): Promise<boolean> {
    const { instance, registry, logger } = this.#deps;
    if (this.#resignedAtMs !== undefined) {
      // Each of the others has had its turn: if none took over, none is there.
      if (elapsed(this.#resignedAtMs, this.#deps.clock.now()) < 2 * this.#deps.settings.beatMs) {
        return false;
      }
      await registry.setResigned(instance, false);
      this.#resignedAtMs = undefined;
    }
    try {
      return await this.#followLeader();
    } catch (error) {
      if (errorCode(error) !== 'corrupt-log') throw error;
      // The leader may be alive, and lead the instances that can read it. So it is neither replaced nor awaited.
      logger.error('leader.unreadable');
      this.#noteLeader(firstServing(await registry.leases()));
      return this.isHeld;
    }
  }

  async #followLeader(): Promise<boolean> {
    const { instance, registry, clock, logger, settings } = this.#deps;
    // Another instance may lead by now, or this one, if its own takeover arrived late.
    const isOld = elapsed(this.#learnedAtMs, clock.now()) >= settings.leaseMs;
    if (this.#leader === undefined || isOld) this.#noteLeader(await registry.leader());
    // Also true if the answer to the takeover was lost.
    if (this.isHeld) return true;
    const before = this.#leader;
    if (before !== undefined && (await this.#isAlive(before))) return false;
    // Another instance may be faster, or the answer may be lost: the next round reads the leader again.
    this.#leader = undefined;
    if (await registry.lead(instance, before)) {
      this.#noteLeader(instance);
      logger.info('leader.taken', { before });
    }
    return this.isHeld;
  }

  #noteLeader(leader: string | undefined): void {
    this.#leader = leader;
    this.#learnedAtMs = this.#deps.clock.now();
  }

  /** Lets another instance lead. While a leader is alive, no other instance inspects all leases. */
  async resign(): Promise<void> {
    const { instance, registry, clock } = this.#deps;
    if (!this.isHeld) return;
    await registry.setResigned(instance, true);
    this.#leader = undefined;
    this.#resignedAtMs = clock.now();
  }

  async #isAlive(leader: string): Promise<boolean> {
    const { registry, clock, logger } = this.#deps;
    const asked = clock.now();
    const lease: Lease | undefined = await registry.lease(leader);
    if (!lease || lease.resigned) return false;
    const [silent] = this.#observer.observe([lease], asked, clock.now());
    if (!silent || !(await registry.markDead(leader, silent.beat))) return true;
    if (silent.state === 'alive') logger.warn('janitor.declared-dead', { dead: leader });
    return false;
  }
}

/** Returns the leader if the leader row is unreadable: the same for all instances that read the same leases. */
function firstServing(leases: readonly Lease[]): string | undefined {
  const [first] = leases
    .filter(canLead)
    .map(({ instance }) => instance)
    .sort();
  return first;
}
