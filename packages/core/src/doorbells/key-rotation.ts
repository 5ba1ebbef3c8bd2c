import { BackendError } from '../errors.ts';
import { type Clock, sleep } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import { type FleetKey, type FleetKeys, newFleetKey } from '../ports/fleet-keys.ts';
import { KEYS_READ_MS } from './keyring.ts';

/** After this time each instance that can read the table has the new keys, in milliseconds. */
export const KEYS_KNOWN_MS: number = 3 * KEYS_READ_MS;

export interface RotationDeps {
  readonly keys: FleetKeys;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Stops the rotation; the next one completes it. */
  readonly signal: AbortSignal;
}

/**
 * Replaces the fleet's doorbell key, or completes a rotation that was interrupted. Resolves when the
 * old key is gone from the table, after two waits of 3 minutes. Instances accept it until they read
 * the keys next, within a minute, or as long as they cannot read the table. The new key first only
 * verifies, then signs; then the old key is removed. Each step is one conditional write, so a rotation
 * may be interrupted anywhere, repeated, and run twice at once. Rejects with `draining` if `signal`
 * aborts, and with a coded error if a call fails.
 */
export async function rotateKeys(deps: RotationDeps): Promise<void> {
  const { keys, clock, entropy, signal } = deps;
  const make = (): FleetKey => newFleetKey(entropy);
  let { keys: seen } = await keys.doorbellKeys(make);
  const old = Math.min(...seen.map(({ serial }) => serial));
  for (;;) {
    const step = nextStep(seen, old, make);
    if (!step) return;
    // Another operator may have made the previous step, so wait the full time by this clock.
    await sleep(clock, step.waitMs, signal);
    if (signal.aborted) throw new BackendError('draining', 'The rotation was stopped.');
    await keys.replaceDoorbellKeys(seen, step.keys);
    ({ keys: seen } = await keys.doorbellKeys(make));
  }
}

interface Step {
  readonly keys: readonly FleetKey[];
  /** For how long the state before it must have lasted, in milliseconds. */
  readonly waitMs: number;
}

/** Returns the step that follows; `undefined` once the key `old` is gone. */
function nextStep(keys: readonly FleetKey[], old: number, make: () => FleetKey): Step | undefined {
  const [first, second] = keys;
  if (!first || !keys.some(({ serial }) => serial === old)) return undefined;
  if (!second) return { keys: [first, { ...make(), serial: old + 1 }], waitMs: 0 };
  if (first.serial === old) return { keys: [second, first], waitMs: KEYS_KNOWN_MS };
  return { keys: [first], waitMs: KEYS_KNOWN_MS };
}
