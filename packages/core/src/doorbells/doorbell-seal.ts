import { createHmac, timingSafeEqual } from 'node:crypto';
import type { FleetKey, FleetKeySet } from '../ports/fleet-keys.ts';

/** What proves that a text was sent by an instance of the fleet. */
export interface Seal {
  /** Names the key. */
  readonly key: string;
  /** HMAC-SHA-256 in base64url, 43 characters. */
  readonly mac: string;
}

/** What a check of a seal came to. */
export type SealCheck = 'authentic' | 'forged' | 'unknown-key';

/** Keeps these MACs apart from those of any other use of the same key. */
const PURPOSE = 'a2a-aws doorbell 3';

/** Returns the function that seals texts with the fleet's first key; `undefined` if it has none. */
export function sealer({ fleet, keys }: FleetKeySet): ((text: string) => Seal) | undefined {
  const [key] = keys;
  return key && ((text) => ({ key: key.id, mac: macOf(key, fleet, text) }));
}

/** Checks a seal in a time that depends on the text's length alone. */
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
