import { createHash } from 'node:crypto';
import type { Entropy } from './entropy.ts';

/** A key that authenticates doorbells. */
export interface FleetKey {
  /** 1 to 32 characters out of `[A-Za-z0-9_-]`; travels with each message. */
  readonly id: string;
  /** 32 bytes. */
  readonly secret: Uint8Array;
  /** 1 for the fleet's first key, one more for each that follows. */
  readonly serial: number;
}

/** The keys of a fleet, as they are stored. */
export interface FleetKeySet {
  /**
   * Where the fleet's table is, and which of its fleets this is; part of what is authenticated, so
   * that a copy of the table is another fleet.
   */
  readonly fleet: string;
  /** One or two: the first signs, all verify. */
  readonly keys: readonly FleetKey[];
}

/** Where a fleet keeps its doorbell keys: beside its logs, readable by its instances only. */
export interface FleetKeys {
  /**
   * Returns the keys, strongly consistent. Stores `candidate` as the only key if there are none; of
   * several instances that do so at once, one succeeds and all return its key.
   */
  doorbellKeys(candidate: () => FleetKey): Promise<FleetKeySet>;
  /** Replaces `seen` by `next`. Returns false if the stored keys are others than `seen`. */
  replaceDoorbellKeys(seen: readonly FleetKey[], next: readonly FleetKey[]): Promise<boolean>;
}

/** Returns a fleet's first key: 256 bits out of 288 random ones. */
export function newFleetKey(entropy: Entropy): FleetKey {
  const seed = [entropy.id(), entropy.id(), entropy.id()].join('.');
  return {
    id: createHash('sha256').update(`id.${entropy.id()}`).digest('base64url').slice(0, 16),
    secret: createHash('sha256').update(seed).digest(),
    serial: 1,
  };
}
