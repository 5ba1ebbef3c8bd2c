import { createHash } from 'node:crypto';
import type { Entropy } from './entropy.ts';

/** A key that authenticates doorbells. */
export interface FleetKey {
  /** 1 to 32 characters out of `[A-Za-z0-9_-]`; travels with each message. */
  readonly id: string;
  /** 32 bytes. */
  readonly secret: Uint8Array;
  /** 1 for the fleet's first key, increasing by one with each new key. */
  readonly serial: number;
}

/** The keys of a fleet, as they are stored. */
export interface FleetKeySet {
  /**
   * Identifies the fleet by its table and its prefix there. It is part of the authenticated data,
   * so a copy of the table is another fleet.
   */
  readonly fleet: string;
  /** One or two keys. The first signs, all verify. */
  readonly keys: readonly FleetKey[];
}

/** The storage of a fleet's doorbell keys, beside its logs, readable by its instances only. */
export interface FleetKeys {
  /**
   * Resolves with the keys, strongly consistent. Stores `candidate` as the only key if there are
   * none. If several instances do so at once, one succeeds and all return its key.
   */
  doorbellKeys(candidate: () => FleetKey): Promise<FleetKeySet>;
  /** Replaces `seen` by `next`. Resolves with false if the stored keys differ from `seen`. */
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
