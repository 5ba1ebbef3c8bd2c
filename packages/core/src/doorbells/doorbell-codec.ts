import { type Doorbell, doorbellText, readDoorbell } from './doorbell.ts';
import type { Seal, SealCheck } from './doorbell-seal.ts';

/**
 * A message is JSON, so that every release finds its version. It consists of lines, so that a seal
 * covers the exact bytes of its doorbell: `{"v":3,"bells":[`, one line `["key id","mac",doorbell]` for
 * each, and `]}`. The JSON text of a doorbell has no line feeds.
 */
const HEAD = '{"v":3,"bells":[\n';
const TAIL = '\n]}';
const BETWEEN = ',\n';
const LINE = /^\["([\w-]{1,32})","([\w-]{43})",(.*)\]$/s;

/** Characters that not every queue accepts (Amazon SQS, "SendMessage"); in JSON only within strings. */
const NOT_PLAIN = /[\ud800-\udfff\ufffe\uffff]/g;

/** A message after decoding. */
export type DecodedMessage =
  /** `unknown` and `malformed`: how many of its doorbells this release cannot read, and why. */
  | {
      readonly doorbells: readonly Doorbell[];
      readonly unknown: number;
      readonly malformed: number;
    }
  /** The message is not proven to come from this fleet. */
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
 * Joins messages of {@link encodeDoorbell} for one target into one with all their doorbells, in order.
 * It is not longer than all of them together. Each doorbell keeps its seal.
 */
export function joinMessages(texts: readonly string[]): string {
  return HEAD + texts.map((text) => text.slice(HEAD.length, -TAIL.length)).join(BETWEEN) + TAIL;
}

/**
 * Decodes a message from outside. Parses no doorbell before `check` has found every seal in the
 * message authentic. Never throws.
 */
export function decodeMessage(
  text: string,
  check: (seal: Seal, text: string) => SealCheck,
): DecodedMessage {
  // The MAC does not distinguish one unpaired surrogate from another.
  if (!isJoinable(text) || text.search(NOT_PLAIN) >= 0) return 'unauthenticated';
  const bells: unknown[] = [];
  for (const line of text.slice(HEAD.length, -TAIL.length).split(BETWEEN)) {
    const [, key = '', mac = '', bell = ''] = LINE.exec(line) ?? [];
    if (key === '' || check({ key, mac }, bell) !== 'authentic') return 'unauthenticated';
    bells.push(parsed(bell));
  }
  const read = bells.map(readDoorbell);
  return {
    doorbells: read.filter((bell) => typeof bell !== 'string'),
    unknown: read.filter((bell) => bell === 'unknown').length,
    malformed: read.filter((bell) => bell === 'malformed').length,
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
