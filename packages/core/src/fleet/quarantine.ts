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
 * Waits until the instance of a dead lease has been dead for the quarantine, or until `signal`
 * aborts. The lease stores how much of this time has passed, so that janitors with shorter lives
 * take turns: each begins with the count of the one before. A janitor counts only the time of its
 * own timers after it has read the lease. So no two clocks are compared, and a janitor that was
 * paused counts too little.
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
