import { type Clock, sleep } from '../ports/clock.ts';
import type { InstanceRegistry, Lease } from '../ports/instance-registry.ts';
import type { LeaseSettings } from './lease-settings.ts';

export interface QuarantineDeps {
  readonly registry: InstanceRegistry;
  readonly clock: Clock;
  readonly settings: Pick<LeaseSettings, 'beatMs' | 'quarantineMs'>;
  readonly signal: AbortSignal;
}

/**
 * Waits until the instance of a dead lease has been dead for the quarantine, or until `signal` aborts.
 * The lease keeps how much of that has passed, so that janitors that do not live so long take turns:
 * each begins with what the one before it had counted. Only time that passed on a janitor's own timers
 * counts, after it had read the lease: no two clocks are compared, and a janitor that stands still
 * counts too little.
 */
export async function waitQuarantine(
  { instance, deadForMs = 0 }: Lease,
  { registry, clock, settings, signal }: QuarantineDeps,
): Promise<void> {
  const { beatMs, quarantineMs } = settings;
  let passedMs = deadForMs;
  while (passedMs < quarantineMs && !signal.aborted) {
    const stepMs = Math.min(beatMs, quarantineMs - passedMs);
    await sleep(clock, stepMs, signal);
    if (signal.aborted) return;
    passedMs += stepMs;
    // This only helps the next janitor, so a failure does not matter.
    if (passedMs < quarantineMs) await registry.noteDeadFor(instance, passedMs).catch(() => {});
  }
}
