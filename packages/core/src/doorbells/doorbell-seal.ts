import { createHmac, timingSafeEqual } from 'node:crypto';
import type { FleetKey, FleetKeySet } from '../ports/fleet-keys.ts';

/** Proves that an instance of the fleet sent a text. */
export interface Seal {
  /** The id of the key. */
  readonly key: string;
  /** HMAC-SHA-256 in base64url, 43 characters. */
  readonly mac: string;
}

/** The result of checking a seal. */
export type SealCheck = 'authentic' | 'forged' | 'unknown-key';

/** Separates these MACs from any other use of the same key. */
const PURPOSE = 'a2a-aws doorbell 3';

/** Returns the function that seals texts with the fleet's first key; `undefined` if it has none. */
export function sealer({ fleet, keys }: FleetKeySet): ((text: string) => Seal) | undefined {
  const [key] = keys;
  return key && ((text) => ({ key: key.id, mac: macOf(key, fleet, text) }));
}

/** Checks a seal in a time that depends only on the text's length. */
export function checkSeal({ fleet, keys }: FleetKeySet, seal: Seal, text: string): SealCheck {
  const key = keys.find(({ id }) => id === seal.key);
  if (!key) return 'unknown-key';
  const expected = Buffer.from(macOf(key, fleet, text));
  const given = Buffer.from(seal.mac);
  const isEqual = given.length === expected.length && timingSafeEqual(given, expected);
  return isEqual ? 'authentic' : 'forged';
}

function macOf({ secret }: FleetKey, fleet: string, text: string): string {
  return createHmac('sha256', secret).update(`${PURPOSE}\n${fleet}\n${text}`).digest('base64url');
}
