import { SendOnlyFanout } from '../doorbells/send-only-fanout.ts';
import { sleep } from '../ports/clock.ts';
import { Instance, type InstanceDeps } from './instance.ts';

/** The result of a cleanup round. */
export interface CleanupReport {
  /** Instances that it has cleaned up after. */
  readonly cleaned: number;
  /** Attempts at it that failed; the round itself, if it was declared dead, or cut short before it knew who is. */
  readonly failed: number;
  /** Dead instances that it was still busy with when its time was over: the next one goes on. */
  readonly left: number;
}

/** A round whose reads are slow goes on watching for at most this many times as long as it should. */
const PATIENCE = 2;
/** How often a cleanup round checks whether it is done, in milliseconds. */
const PROBE_MS = 250;

/**
 * One round for when no instance may be left: watches every lease for its whole time, and finishes the
 * dead as any janitor does, as an instance without a queue. Ends early when `signal` aborts.
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
    // It would beat for as long as its process lives, and nobody would clean up after it.
    await instance.stop(0);
    throw error;
  }
  const watchMs = longest > 0 ? longest + 2 * settings.beatMs : 0;
  await sleep(clock, watchMs, signal);
  // Time that the reads took was not watched: somebody may have been silent in it unnoticed.
  const isShort = (): boolean => longest > 0 && janitor.watchedMs < longest + settings.beatMs;
  for (let ms = 0; ms < PATIENCE * watchMs && isShort() && isGoing(); ms += PROBE_MS) {
    await sleep(clock, PROBE_MS, signal);
  }
  const isCut = isShort();
  while ((janitor.busy > 0 || retiredSweep.busy) && isGoing()) {
    await sleep(clock, PROBE_MS, signal);
  }
  const { cleaned, failed } = janitor.stats;
  const left = janitor.busy;
  const isLost = instance.phase === 'dead';
  await instance.stop(0);
  // One that stood still for long may have written a row after others had cleaned up after it.
  if (isLost && !(await registry.lease(deps.id))) {
    for (const row of await registry.intents(deps.id)) await registry.removeIntent(row);
  }
  const isQuiet = clock.now() - instance.lastIntentAt >= settings.quarantineMs;
  // Nothing of it can be under way any more: nobody need clean up after the cleaner.
  if (isQuiet && (await registry.intents(deps.id)).length === 0)
    await registry.removeLease(deps.id);
  return { cleaned, failed: isLost || isCut ? failed + 1 : failed, left };
}
