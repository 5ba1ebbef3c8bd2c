import { Message, type Task } from '@a2a-js/sdk';
import * as z from 'zod';
import { eventFromJson, eventToJson, type TaskEvent } from '../a2a/event.ts';
import { type ExactJson, exactJson } from '../a2a/exact-json.ts';
import { BackendError } from '../errors.ts';

/** One fact in a log: an event, or the start, answer, end, fence or cancel of a run. */
export type Entry =
  | EventEntry
  | StartEntry
  /** The run's result without a task; closes the run. */
  | { readonly kind: 'answer'; readonly run: string; readonly message: Message }
  /** A message for the history, from a store that is used without runs. */
  | { readonly kind: 'message'; readonly message: Message }
  /** Sets keys of the task's metadata and leaves its status alone; also from such a store. */
  | { readonly kind: 'metadata'; readonly metadata: Metadata }
  /** The agent raised an error to its readers; the task stays as it is. */
  | { readonly kind: 'error'; readonly run: string; readonly error: AgentError }
  /** Closes the run. A sealed log needs none. */
  | { readonly kind: 'end'; readonly run: string }
  /** Closes the runs of an instance that was declared dead, which can append no more here. */
  | { readonly kind: 'fence'; readonly instance: string }
  /** Cancel was requested, under this run id: no new run starts. */
  | { readonly kind: 'cancel'; readonly by: string }
  | PushEntry
  /** Seals the log; the task is not found from here on. An erased record is read as this. */
  | { readonly kind: 'deleted' };

/** An error as A2A's JSON-RPC binding writes it. */
export interface AgentError {
  /** A code of JSON-RPC or A2A, an integer like -32603. */
  readonly code: number;
  readonly message: string;
  /** Any JSON. */
  readonly data?: unknown;
}

type Metadata = NonNullable<Task['metadata']>;

/** The only entry that takes a generation; a terminal status seals the log and closes all runs. */
export interface EventEntry {
  readonly kind: 'event';
  readonly run?: string | undefined;
  readonly event: TaskEvent;
}

/** Opens a run: one execution of the agent for one incoming message, on one instance. */
export interface StartEntry {
  readonly kind: 'start';
  readonly run: string;
  /** 1 for the first execution of its message. */
  readonly attempt: number;
  readonly instance: string;
  readonly contextId: string;
  /** Enters the history. */
  readonly message?: Message | undefined;
  /** Distinguishes a retry of the message from another message with the same id. */
  readonly digest?: string | undefined;
  /** The run of a dead instance that this one continues. */
  readonly resumes?: string | undefined;
}

/**
 * A push configuration was set or removed: it receives the events after this entry. Configurations
 * themselves are not in the log, because they contain credentials.
 */
export interface PushEntry {
  readonly kind: 'push';
  /** The id of the configuration; empty for a sender that needs none. */
  readonly config: string;
  /** `undefined`: it was removed. */
  readonly terms?: PushTerms | undefined;
}

/** How a push configuration receives events. */
export interface PushTerms {
  /** The protocol version of the request that set it, like `1.0`. */
  readonly version: string;
  /** Events that wait are skipped if a later one waits too, except those with which a task ends or waits. */
  readonly latestOnly: boolean;
}

const storedPush = z.object({ c: z.string(), v: z.string().optional(), l: z.boolean().optional() });
type StoredPush = z.output<typeof storedPush>;

const stored = z.discriminatedUnion('k', [
  z.object({ k: z.literal('event'), r: z.string().optional(), e: z.unknown() }),
  z.object({
    k: z.literal('start'),
    r: z.string(),
    n: z.number().int(),
    i: z.string(),
    c: z.string(),
    m: z.unknown().optional(),
    d: z.string().optional(),
    p: z.string().optional(),
  }),
  z.object({ k: z.literal('answer'), r: z.string(), m: z.unknown() }),
  z.object({ k: z.literal('message'), m: z.unknown() }),
  // Not copied: a copy would lose a key named `__proto__`.
  z.object({ k: z.literal('metadata'), m: z.custom<Metadata>(isObject) }),
  z.object({
    k: z.literal('error'),
    r: z.string(),
    c: z.number().int(),
    t: z.string(),
    d: z.unknown().optional(),
  }),
  z.object({ k: z.literal('end'), r: z.string(), p: storedPush.optional() }),
  z.object({ k: z.literal('fence'), i: z.string() }),
  z.object({ k: z.literal('cancel'), r: z.string() }),
  z.object({ k: z.literal('deleted') }),
]);

/** Returns an entry's text, and the entry as {@link decodeEntry} reads it. Throws `invalid-event`. */
export function encodeEntry(entry: Entry): ExactJson<Entry> {
  return exactJson(entry, toStored, decodeEntry);
}

/** Reads parsed JSON as an entry. Throws `corrupt-log` for an unknown kind or shape. */
export function decodeEntry(json: unknown): Entry {
  const parsed = stored.safeParse(json);
  if (!parsed.success) {
    throw new BackendError('corrupt-log', 'An entry of an unknown shape is in the log.');
  }
  const entry = parsed.data;
  switch (entry.k) {
    case 'event':
      return { kind: 'event', run: entry.r, event: eventFromJson(entry.e) };
    case 'start':
      return {
        kind: 'start',
        run: entry.r,
        attempt: entry.n,
        instance: entry.i,
        contextId: entry.c,
        message: entry.m === undefined ? undefined : Message.fromJSON(entry.m),
        digest: entry.d,
        resumes: entry.p,
      };
    case 'answer':
      return { kind: 'answer', run: entry.r, message: Message.fromJSON(entry.m) };
    case 'message':
      return { kind: 'message', message: Message.fromJSON(entry.m) };
    case 'metadata':
      return { kind: 'metadata', metadata: entry.m };
    case 'error': {
      const { c: code, t: message, d: data } = entry;
      const error = data === undefined ? { code, message } : { code, message, data };
      return { kind: 'error', run: entry.r, error };
    }
    case 'end':
      return entry.p ? pushEntry(entry.p) : { kind: 'end', run: entry.r };
    case 'fence':
      return { kind: 'fence', instance: entry.i };
    case 'cancel':
      return { kind: 'cancel', by: entry.r };
    case 'deleted':
      return { kind: 'deleted' };
  }
}

function toStored(entry: Entry): z.input<typeof stored> {
  switch (entry.kind) {
    case 'event':
      return { k: 'event', r: entry.run, e: eventToJson(entry.event) };
    case 'start':
      return {
        k: 'start',
        r: entry.run,
        n: entry.attempt,
        i: entry.instance,
        c: entry.contextId,
        m: entry.message && Message.toJSON(entry.message),
        d: entry.digest,
        p: entry.resumes,
      };
    case 'answer':
      return { k: 'answer', r: entry.run, m: Message.toJSON(entry.message) };
    case 'message':
      return { k: 'message', m: Message.toJSON(entry.message) };
    case 'metadata':
      return { k: 'metadata', m: entry.metadata };
    case 'error': {
      const { code, message, data } = entry.error;
      return { k: 'error', r: entry.run, c: code, t: message, d: data };
    }
    case 'end':
      return { k: 'end', r: entry.run };
    case 'fence':
      return { k: 'fence', i: entry.instance };
    case 'cancel':
      return { k: 'cancel', r: entry.by };
    case 'push': {
      const { config: c, terms } = entry;
      // Earlier releases read it as the end of a run that does not exist, which changes nothing.
      return { k: 'end', r: '', p: { c, v: terms?.version, l: terms?.latestOnly || undefined } };
    }
    case 'deleted':
      return { k: 'deleted' };
  }
}

function pushEntry({ c, v, l = false }: StoredPush): PushEntry {
  const terms = v === undefined ? undefined : { version: v, latestOnly: l };
  return { kind: 'push', config: c, terms };
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
