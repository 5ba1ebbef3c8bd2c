import { z } from 'zod';
import { type Doorbell, doorbellText, readDoorbell } from './doorbell.ts';

/** The only form of messages that this release sends; others are ignored (rolling deploys mix). */
const MESSAGE_VERSION = 2;
const HEAD = `{"v":${MESSAGE_VERSION},"bells":[`;
const TAIL = ']}';

/** What queues do not take, or not all of them (Amazon SQS, "SendMessage"); in JSON only within strings. */
const NOT_PLAIN = /[\ud800-\udfff\ufffe\uffff]/g;

const versioned = z.object({ v: z.number() });
const message = z.object({ v: z.literal(MESSAGE_VERSION), bells: z.array(z.unknown()).min(1) });

/** What came out of a message. */
export type Heard =
  /** `unknown` of its doorbells are of kinds, `junk` of them in forms, that nobody here knows. */
  | { readonly bells: readonly Doorbell[]; readonly unknown: number; readonly junk: number }
  /** Of another version: not wrong, only not for this release. */
  | 'other-version'
  | 'junk';

/** A message of one doorbell. A record that would make it longer than `maxBytes` is left out. */
export function encodeDoorbell(doorbell: Doorbell, maxBytes: number): string {
  const inlined = HEAD + plain(doorbellText(doorbell, true)) + TAIL;
  if (doorbell.kind !== 'record' || Buffer.byteLength(inlined) <= maxBytes) return inlined;
  return HEAD + plain(doorbellText(doorbell, false)) + TAIL;
}

/** True if {@link joinMessages} takes the message. */
export function isJoinable(text: string): boolean {
  return text.startsWith(HEAD) && text.endsWith(TAIL);
}

/**
 * One message that says, in their order, what these said, all of them from {@link encodeDoorbell}
 * and for one target; it is no longer than they are together.
 */
export function joinMessages(texts: readonly string[]): string {
  return HEAD + texts.map((text) => text.slice(HEAD.length, -TAIL.length)).join(',') + TAIL;
}

/** What a message from outside says. Never throws. */
export function decodeMessage(text: string): Heard {
  const json = parsed(text);
  const known = message.safeParse(json);
  if (!known.success) {
    const { data } = versioned.safeParse(json);
    return data && data.v !== MESSAGE_VERSION ? 'other-version' : 'junk';
  }
  const read = known.data.bells.map(readDoorbell);
  return {
    bells: read.filter((bell) => typeof bell !== 'string'),
    unknown: read.filter((bell) => bell === 'unknown').length,
    junk: read.filter((bell) => bell === 'junk').length,
  };
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
