import { type Clock, elapsed } from '../clock.ts';
import type { Entropy } from '../entropy.ts';
import type { Lease } from './registry.ts';
import type { LeaseSettings } from './settings.ts';

export interface DeadShareDeps {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly settings: Pick<LeaseSettings, 'quarantineMs'>;
}

/** Instances declared dead by others that a leader takes up before it has lived for a quarantine. */
const SHARE = 8;

/**
 * Which of the dead a leader cleans up after. A leader that dies within the quarantine removes no
 * lease, and the next one finds them all again: where every life is that short, each takes up only a
 * few of those that others declared dead, so that its work does not grow with the number of lives
 * before it. What it declares dead itself is found dead once, and is never put off.
 */
export class DeadShare {
  readonly #deps: DeadShareDeps;
  readonly #taken = new Set<string>();
  #since: number | undefined;
  #inherited = 0;

  constructor(deps: DeadShareDeps) {
    this.#deps = deps;
  }

  /** Returns those of `dead`, read at one look, that are to be cleaned up after now. */
  choose(dead: readonly Lease[]): Lease[] {
    const { clock, entropy, settings } = this.#deps;
    const now = clock.now();
    this.#since ??= now;
    if (elapsed(this.#since, now) >= settings.quarantineMs) return [...dead];
    for (const { instance, state } of dead) if (state === 'alive') this.#taken.add(instance);
    const others = dead.filter(({ instance }) => !this.#taken.has(instance));
    const room = Math.min(SHARE - this.#inherited, others.length);
    if (room > 0) {
      // Lives that follow one another do not all take the same.
      const first = room < others.length ? Math.floor(entropy.random() * others.length) : 0;
      const next = [...others.slice(first), ...others.slice(0, first)].slice(0, room);
      for (const { instance } of next) this.#taken.add(instance);
      this.#inherited += next.length;
    }
    return dead.filter(({ instance }) => this.#taken.has(instance));
  }
}
