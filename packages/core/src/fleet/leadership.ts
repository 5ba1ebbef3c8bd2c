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
 * Which instance looks after the leases of all; the others look after its alone. It only saves reads:
 * two that believe to lead do twice what is safe to do twice.
 */
export class Leadership {
  readonly #deps: LeadershipDeps;
  readonly #observer: LeaseObserver;
  #leader: string | undefined;
  #learnedAt = 0;
  #resignedAt: number | undefined;

  constructor(deps: LeadershipDeps) {
    this.#deps = deps;
    this.#observer = new LeaseObserver(deps.settings);
  }

  /** True while this instance is to look after all. */
  get isHeld(): boolean {
    return this.#leader === this.#deps.instance;
  }

  /** Milliseconds until the leader is to be looked at again. */
  get restMs(): number {
    return this.#observer.restMs;
  }

  /** Looks at the leader, takes its place if it is dead. True if this instance leads now. */
  async chooseLeader(): Promise<boolean> {
    const { instance, registry, logger } = this.#deps;
    if (this.#resignedAt !== undefined) {
      // Each of the others has looked meanwhile: if none took the place, none is there.
      if (elapsed(this.#resignedAt, this.#deps.clock.now()) < 2 * this.#deps.settings.beatMs) {
        return false;
      }
      await registry.setResigned(instance, false);
      this.#resignedAt = undefined;
    }
    try {
      return await this.#followLeader();
    } catch (error) {
      if (errorCode(error) !== 'corrupt-log') throw error;
      // It may live, and lead those that can read it: nobody takes its place, but nobody waits for it.
      logger.error('leader.unreadable');
      this.#noteLeader(firstServing(await registry.leases()));
      return this.isHeld;
    }
  }

  async #followLeader(): Promise<boolean> {
    const { instance, registry, clock, logger, settings } = this.#deps;
    // Another may lead by now: this one itself, if its taking the place came late.
    const isOld = elapsed(this.#learnedAt, clock.now()) >= settings.leaseMs;
    if (this.#leader === undefined || isOld) this.#noteLeader(await registry.leader());
    // Also if the answer to taking the place was lost.
    if (this.isHeld) return true;
    const before = this.#leader;
    if (before !== undefined && (await this.#isAlive(before))) return false;
    // Another may have been faster, or the answer gets lost: the next look finds out who leads.
    this.#leader = undefined;
    if (await registry.lead(instance, before)) {
      this.#noteLeader(instance);
      logger.info('leader.taken', { before });
    }
    return this.isHeld;
  }

  #noteLeader(leader: string | undefined): void {
    this.#leader = leader;
    this.#learnedAt = this.#deps.clock.now();
  }

  /** Lets another lead: while the leader lives, nobody else looks after the rest. */
  async resign(): Promise<void> {
    const { instance, registry, clock } = this.#deps;
    if (!this.isHeld) return;
    await registry.setResigned(instance, true);
    this.#leader = undefined;
    this.#resignedAt = clock.now();
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

/** Whom those follow that cannot read who leads: all of them the same, as far as they see the same. */
function firstServing(leases: readonly Lease[]): string | undefined {
  const [first] = leases
    .filter(canLead)
    .map(({ instance }) => instance)
    .sort();
  return first;
}
