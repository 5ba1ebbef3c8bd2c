import { type Clock, elapsed } from '../ports/clock.ts';
import { baseLogger, type LogFields, type Logger } from '../ports/logger.ts';
import { errorFields } from './error-fields.ts';

/** The minimum time between two lines about one kind of step, in milliseconds. */
const QUIET_MS = 10_000;
/** A step that has not failed again for this long is no longer retried, in milliseconds. */
const STALE_MS = 120_000;

export interface RetriedStepDeps {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The steps of one kind that are failing now on one backend. */
class Outage {
  readonly failing = new Set<RetriedStep>();
  since = 0;
  lastFailureAt = 0;
  failures = 0;
  /** The code that was logged last; `undefined` if the outage is not logged. */
  code: unknown;
  loggedAt: number | undefined;

  mayLog(now: number): boolean {
    return this.loggedAt === undefined || elapsed(this.loggedAt, now) >= QUIET_MS;
  }
}

const outages = new WeakMap<Logger, Map<string, Outage>>();

function outageOf(logger: Logger, event: string): Outage {
  const base = baseLogger(logger);
  const known = outages.get(base) ?? new Map<string, Outage>();
  outages.set(base, known);
  const outage = known.get(event) ?? new Outage();
  known.set(event, outage);
  return outage;
}

/**
 * Logs the failures of a step that is retried until it succeeds. Any number of steps of one kind
 * that fail together are one outage. It is logged as one warning when it starts (`*-retried` or
 * `*-failed`), another when its code changes, and one info line (`*-recovered`) once no step of the
 * kind fails any more.
 */
export class RetriedStep {
  readonly #event: string;
  readonly #level: 'warn' | 'error';
  readonly #deps: RetriedStepDeps;
  readonly #outage: Outage;

  /** `event`: the name of a failure's line, ending in `retried` or `failed`. */
  constructor(event: string, deps: RetriedStepDeps, level: 'warn' | 'error' = 'warn') {
    this.#event = event;
    this.#level = level;
    this.#deps = deps;
    this.#outage = outageOf(deps.logger, event);
  }

  failed(error: unknown, fields?: LogFields): void {
    const outage = this.#outage;
    const { clock, logger } = this.#deps;
    const now = clock.now();
    if (elapsed(outage.lastFailureAt, now) > STALE_MS) outage.failing.clear();
    if (outage.failing.size === 0) {
      outage.since = now;
      outage.failures = 0;
      outage.code = undefined;
    }
    outage.failing.add(this);
    outage.failures += 1;
    outage.lastFailureAt = now;
    const about = errorFields(error);
    const { code } = about;
    if (outage.code === code || !outage.mayLog(now)) return;
    outage.code = code;
    outage.loggedAt = now;
    logger[this.#level](this.#event, { ...about, ...fields });
  }

  succeeded(): void {
    if (!this.#end()) return;
    const { code, since, failures } = this.#outage;
    if (code === undefined) return;
    const now = this.#deps.clock.now();
    this.#outage.code = undefined;
    this.#outage.loggedAt = now;
    this.#deps.logger.info(this.#event.replace(/(?:retried|failed)$/, 'recovered'), {
      durationMs: Math.max(0, now - since),
      failures,
    });
  }

  /** Must be called when the step will not be tried again; its caller logs the reason. */
  gaveUp(): void {
    this.#end();
  }

  /** Ends the step. Returns true if it was the last failing step of its kind. */
  #end(): boolean {
    return this.#outage.failing.delete(this) && this.#outage.failing.size === 0;
  }
}
