import { type Doorbell, doorbellText, readDoorbell } from './doorbell.ts';
import type { Seal, SealCheck } from './doorbell-seal.ts';

/**
 * A message is JSON, so that every release finds its version, and lines, so that a seal covers the
 * exact bytes of its doorbell: `{"v":3,"bells":[`, one line `["key id","mac",doorbell]` for each, and
 * `]}`. JSON text itself has no line feeds.
 */
const HEAD = '{"v":3,"bells":[\n';
const TAIL = '\n]}';
const BETWEEN = ',\n';
const LINE = /^\["([\w-]{1,32})","([\w-]{43})",(.*)\]$/s;

/** What queues do not take, or not all of them (Amazon SQS, "SendMessage"); in JSON only within strings. */
const NOT_PLAIN = /[\ud800-\udfff\ufffe\uffff]/g;

/** What came out of a message. */
export type DecodedMessage =
  /** `unknown` of its doorbells are of kinds, `junk` of them in forms, that this release does not know. */
  | { readonly bells: readonly Doorbell[]; readonly unknown: number; readonly junk: number }
  /** It is not proven to come from this fleet. */
  | 'unauthenticated';

/** Returns a message of one doorbell. A record that would make it longer than `maxBytes` is left out. */
export function encodeDoorbell(
  doorbell: Doorbell,
  maxBytes: number,
  seal: (text: string) => Seal,
): string {
  const inlined = sealed(plain(doorbellText(doorbell, true)), seal);
  if (doorbell.kind !== 'record' || Buffer.byteLength(inlined) <= maxBytes) return inlined;
  return sealed(plain(doorbellText(doorbell, false)), seal);
}

/** True if {@link joinMessages} takes the message. */
export function isJoinable(text: string): boolean {
  return text.startsWith(HEAD) && text.endsWith(TAIL);
}

/**
 * One message that says, in their order, what these said, all of them from {@link encodeDoorbell}
 * and for one target; it is no longer than they are together. Each doorbell keeps its seal.
 */
export function joinMessages(texts: readonly string[]): string {
  return HEAD + texts.map((text) => text.slice(HEAD.length, -TAIL.length)).join(BETWEEN) + TAIL;
}

/**
 * Returns what a message from outside says. Nothing of it is parsed before `check` has found every
 * seal in it authentic. Never throws.
 */
export function decodeMessage(
  text: string,
  check: (seal: Seal, text: string) => SealCheck,
): DecodedMessage {
  // A half of a character would be authenticated as if it were another.
  if (!isJoinable(text) || text.search(NOT_PLAIN) >= 0) return 'unauthenticated';
  const bells: unknown[] = [];
  for (const line of text.slice(HEAD.length, -TAIL.length).split(BETWEEN)) {
    const [, key = '', mac = '', bell = ''] = LINE.exec(line) ?? [];
    if (key === '' || check({ key, mac }, bell) !== 'authentic') return 'unauthenticated';
    bells.push(parsed(bell));
  }
  const read = bells.map(readDoorbell);
  return {
    bells: read.filter((bell) => typeof bell !== 'string'),
    unknown: read.filter((bell) => bell === 'unknown').length,
    junk: read.filter((bell) => bell === 'junk').length,
  };
}

function sealed(bell: string, seal: (text: string) => Seal): string {
  const { key, mac } = seal(bell);
  return `${HEAD}["${key}","${mac}",${bell}]${TAIL}`;
}

function plain(json: string): string {
  return json.replace(NOT_PLAIN, (unit) => `\\u${unit.charCodeAt(0).toString(16)}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
