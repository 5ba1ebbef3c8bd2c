import { SendOnlyFanout } from '../doorbells/send-only-fanout.ts';
import { sleep } from '../ports/clock.ts';
import { Instance } from './instance.ts';
import type { InstanceDeps } from './instance-deps.ts';

/** The result of a cleanup round. */
export interface CleanupReport {
  /** Dead instances that it has cleaned up after. */
  readonly cleaned: number;
  /** Failed attempts. Also counts the round itself, if it was declared dead or interrupted too early. */
  readonly failed: number;
  /** Dead instances that it had not finished in time; the next round continues. */
  readonly left: number;
}

/** A round with slow reads observes for at most this many times its planned duration. */
const PATIENCE = 2;
/** How long a cleanup round delivers push notifications at the longest, in milliseconds. */
const PUSH_MS = 60_000;
/** How often a cleanup round checks whether it is done, in milliseconds. */
const PROBE_MS = 250;

/**
 * Runs a single cleanup round, for a fleet that may have no instances left. Observes each lease for its
 * full duration and cleans up after the expired ones, as any janitor would. Ends early when `signal`
 * aborts.
 */
export async function runCleanupRound(
  deps: InstanceDeps,
  signal: AbortSignal,
): Promise<CleanupReport> {
  const { clock, registry, settings } = deps;
  const fanout = new SendOnlyFanout(deps.fanout);
  const instance = new Instance({ ...deps, fanout, role: 'janitor' }, () => {});
  const { janitor, retiredSweep } = instance;
  const isGoing = (): boolean => !signal.aborted && instance.phase === 'ready';
  await instance.start();
  let longest = 0;
  try {
    const others = (await registry.leases()).filter((lease) => lease.instance !== deps.id);
    longest = Math.max(0, ...others.map(({ leaseMs = settings.leaseMs }) => leaseMs));
  } catch (error) {
    // Otherwise it would renew its lease for as long as its process lives.
    await instance.stop(0);
    throw error;
  }
  const watchMs = longest > 0 ? longest + 2 * settings.beatMs : 0;
  await sleep(clock, watchMs, signal);
  // The time that the reads took was not observed, so an instance may have been silent unnoticed.
  const isShort = (): boolean => longest > 0 && janitor.watchedMs < longest + settings.beatMs;
  for (let ms = 0; ms < PATIENCE * watchMs && isShort() && isGoing(); ms += PROBE_MS) {
    await sleep(clock, PROBE_MS, signal);
  }
  const isCut = isShort();
  while ((janitor.busy > 0 || retiredSweep.busy) && isGoing()) {
    await sleep(clock, PROBE_MS, signal);
  }
  // Receivers that fail are left to the next round.
  instance.pushes?.drain();
  for (
    let ms = 0;
    ms < PUSH_MS && (instance.pushes?.active ?? 0) > 0 && isGoing();
    ms += PROBE_MS
  ) {
    await sleep(clock, PROBE_MS, signal);
  }
  const { cleaned, failed } = janitor.stats;
  const left = janitor.busy;
  const isLost = instance.phase === 'dead';
  await instance.stop(0);
  // A round that was paused for long may have written a row after the last pass of its janitor.
  if (isLost && !(await registry.lease(deps.id))) {
    for (const row of await registry.intents(deps.id)) await registry.removeIntent(row);
  }
  const isQuiet = clock.now() - instance.lastIntentAt >= settings.quarantineMs;
  // No request of this round can still be in flight, so it removes its own lease.
  if (isQuiet && (await registry.intents(deps.id)).length === 0)
    await registry.removeLease(deps.id);
  return { cleaned, failed: isLost || isCut ? failed + 1 : failed, left };
}
