import { type Clock, elapsed } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { Lease } from '../ports/instance-registry.ts';
import type { LeaseSettings } from './lease-settings.ts';

export interface DeadShareDeps {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly settings: Pick<LeaseSettings, 'quarantineMs'>;
}

/**
 * Instances declared dead by others that a leader takes up before it has lived for a quarantine. It
 * takes up two more for each that it declares dead itself: more than it leaves.
 */
const SHARE = 8;
const FOR_EACH = 2;

/**
 * Decides which dead instances a leader cleans up after. A leader that dies within the quarantine removes hardly
 * any lease, and the next one finds the rest again: where every life is that short, each takes up only
 * a few of those that others declared dead, so that its work does not grow with the number of lives
 * before it. Half of them are those that have been dead for the longest, as far as it was counted, so
 * that they go. An instance that it declares dead itself is never postponed.
 */
export class DeadShare {
  readonly #deps: DeadShareDeps;
  readonly #taken = new Set<string>();
  #since: number | undefined;
  #declared = 0;
  #inherited = 0;

  constructor(deps: DeadShareDeps) {
    this.#deps = deps;
  }

  /** Returns the instances of `dead`, as read in one round, that must be cleaned up after now. */
  choose(dead: readonly Lease[]): Lease[] {
    const { clock, entropy, settings } = this.#deps;
    const now = clock.now();
    this.#since ??= now;
    if (elapsed(this.#since, now) >= settings.quarantineMs) return [...dead];
    for (const { instance, state } of dead) {
      if (state !== 'alive' || this.#taken.has(instance)) continue;
      this.#taken.add(instance);
      this.#declared += 1;
    }
    const others = dead
      .filter(({ instance }) => !this.#taken.has(instance))
      .sort((a, b) => (b.deadForMs ?? 0) - (a.deadForMs ?? 0));
    const room = Math.min(SHARE + FOR_EACH * this.#declared - this.#inherited, others.length);
    if (room > 0) {
      const oldest = room < others.length ? Math.ceil(room / 2) : room;
      const rest = others.slice(oldest);
      // An instance that cannot be finished must not block the others: each life takes different ones.
      const first = rest.length > 0 ? Math.floor(entropy.random() * rest.length) : 0;
      const some = [...rest.slice(first), ...rest.slice(0, first)].slice(0, room - oldest);
      for (const { instance } of [...others.slice(0, oldest), ...some]) this.#taken.add(instance);
      this.#inherited += room;
    }
    return dead.filter(({ instance }) => this.#taken.has(instance));
  }
}
