import { eventStatus, isInterrupted, isTerminal } from '../a2a/event.ts';
import { MAX_JSON_LEVELS, parseShallow } from '../a2a/exact-json.ts';
import { BackendError } from '../errors.ts';
import { decodeEntry, type Entry, encodeEntry } from './entry.ts';
import type { Generation } from './generation.ts';
import type { Slot } from './slot.ts';

/** The only form of records that this release writes and reads. */
export const RECORD_VERSION = 1;

/** The largest size of one entry, in bytes. */
export const MAX_ENTRY_BYTES: number = 4 * 1024 * 1024;

/**
 * The largest body of a record, in bytes of UTF-8; one save of a store may write several entries. A
 * larger stored body was not written by this project and is `corrupt-log`.
 */
export const MAX_BODY_BYTES: number = 4 * MAX_ENTRY_BYTES;

/** The fixed cost of folding an entry, as a number of bytes that cost the same. */
export const ENTRY_COST = 512;

/** One item of a log: 1..k entries written together, in one conditional write. */
export interface LogRecord {
  /** Unique per record. After a time-out it tells whose record is at the slot. */
  readonly id: string;
  /** The instance that wrote it; empty for a store that is used without instances. */
  readonly instance: string;
  /** When it was written, in milliseconds of the writer's clock. Never compared with another clock. */
  readonly time: number;
  readonly slot: Slot;
  readonly entries: readonly Entry[];
  /** The entries as one JSON text, as it is stored and sent. */
  readonly body: string;
}

/** An entry as it will be stored, and as every reader, local or remote, will see it. */
export interface EncodedEntry {
  readonly entry: Entry;
  readonly text: string;
  /** Bytes of `text` in UTF-8. */
  readonly bytes: number;
}

/**
 * Encodes an entry, and reads it back from its text, so that every reader sees the same. Throws
 * `invalid-event` if the text would be read as another entry, `event-too-large` above the limit.
 */
export function encode(given: Entry): EncodedEntry {
  const { text, value: entry } = encodeEntry(given);
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_ENTRY_BYTES) {
    throw new BackendError('event-too-large', 'One event is larger than the log takes.');
  }
  return { entry, text, bytes };
}

/** Returns how many of the entries are events, which take a generation. */
export function countEvents(entries: readonly Entry[]): number {
  return entries.reduce((count, entry) => count + (entry.kind === 'event' ? 1 : 0), 0);
}

/** Returns true if the event of this generation is in the record. */
export function holds({ slot, entries }: LogRecord, generation: Generation): boolean {
  return slot.generation <= generation && generation < slot.generation + countEvents(entries);
}

/** Returns true if the record only adds content: no start, end, interruption, cancel or fence. */
export function onlyAdds({ entries }: LogRecord): boolean {
  return entries.every((entry) => {
    if (entry.kind !== 'event') return false;
    const state = eventStatus(entry.event)?.state;
    return !isTerminal(state) && !isInterrupted(state);
  });
}

/** Returns the body of a record with these entries. */
export function recordBody(entries: readonly EncodedEntry[]): string {
  return `[${entries.map((entry) => entry.text).join(',')}]`;
}

/** Reads a body. Throws `corrupt-log` if it is not a list of entries. */
export function parseBody(body: string): Entry[] {
  let json: unknown;
  try {
    json = parseShallow(body, MAX_JSON_LEVELS + 1);
  } catch (cause) {
    throw new BackendError('corrupt-log', 'A record of the log is not JSON.', { cause });
  }
  if (!Array.isArray(json) || json.length === 0) {
    throw new BackendError('corrupt-log', 'A record of the log is no list of entries.');
  }
  try {
    return json.map(decodeEntry);
  } catch (cause) {
    if (cause instanceof BackendError) throw cause;
    throw new BackendError('corrupt-log', 'An entry of an unknown shape is in the log.', { cause });
  }
}
