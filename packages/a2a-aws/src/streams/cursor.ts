import { createHash } from 'node:crypto';
import type { TaskKey } from '@a2a-aws/core';
import { asGeneration, joinKey } from '@a2a-aws/core/internal';
import { TaskState } from '@a2a-js/sdk';
import { invalidCursor } from './invalid-cursor.ts';
import type { SenderPosition, StreamPosition } from './stream-position.ts';

/** The first character of the only form of cursors that this release writes and reads. */
const VERSION = '1';
const MAX_LENGTH = 200;
const HASH_LENGTH = 8;
const PHASES = { waiting: 'w', told: 't', answered: 'a', complete: 'c' } as const;
const PHASE_OF: Readonly<Record<string, SenderPosition['phase']>> = {
  w: 'waiting',
  t: 'told',
  a: 'answered',
  c: 'complete',
};
const SHAPE =
  /^1([\w-]{8})\.([0-9a-z]{1,9})\.([0-9a-z]{1,4})\.([0-9a-z]{1,5})\.([0-9a-z]{1,5})\.([0-9a-z]{0,9})(?:\.([wtac])(\d)([\w~-]{1,64}))?$/;

/**
 * The cursors of one task: positions in its log as texts that clients give back. A cursor contains a
 * hash of its task's key, so that a cursor of another task is refused. It grants no access.
 */
export class Cursors {
  readonly #prefix: string;
  /** The last sender that was encoded, with its text: a stream has one. */
  #sender: readonly [run: string, text: string] | undefined;

  constructor(key: TaskKey) {
    const hash = createHash('sha256').update(joinKey(key.tenant, key.owner, key.taskId));
    this.#prefix = `${VERSION}${hash.digest('base64url').slice(0, HASH_LENGTH)}.`;
  }

  encode({ slot, events, frames, writtenAtMs, sender }: StreamPosition): string {
    const place = `${base36(slot.generation)}.${base36(slot.part)}.${base36(events)}.${base36(frames)}`;
    const time = writtenAtMs === undefined ? '' : base36(writtenAtMs);
    return `${this.#prefix}${place}.${time}${sender ? this.#senderText(sender) : ''}`;
  }

  /** Throws the error of {@link invalidCursor} for a text that is no cursor of this task. */
  decode(text: string): StreamPosition {
    const match = text.length <= MAX_LENGTH ? SHAPE.exec(text) : null;
    if (!match) throw invalidCursor('malformed');
    if (!text.startsWith(this.#prefix)) throw invalidCursor('other-task');
    const [generation, part, events, frames] = match.slice(2, 6).map((digits) => number(digits));
    if (!generation || part === undefined || events === undefined || frames === undefined) {
      throw invalidCursor('malformed');
    }
    const [, , , , , , time, phase, state, run] = match;
    // A sender that waits for its first frame has no event.
    if (phase === 'w' && events + frames > 0) throw invalidCursor('malformed');
    return {
      slot: { generation: asGeneration(generation), part },
      events,
      frames,
      writtenAtMs: time ? number(time) : undefined,
      sender: run === undefined ? undefined : sender(phase, state, run),
    };
  }

  #senderText({ run, phase, state }: SenderPosition): string {
    if (this.#sender?.[0] !== run) this.#sender = [run, shortRun(run)];
    // One digit: an unknown state of a later protocol is left out.
    const digit = state >= 0 && state <= 9 ? state : TaskState.TASK_STATE_UNSPECIFIED;
    return `.${PHASES[phase]}${digit}${this.#sender[1]}`;
  }
}

function sender(phase: string | undefined, state: string | undefined, run: string): SenderPosition {
  const known = phase === undefined ? undefined : PHASE_OF[phase];
  if (known === undefined || TaskState[Number(state)] === undefined) {
    throw invalidCursor('malformed');
  }
  return { run: longRun(run), phase: known, state: Number(state) };
}

function base36(value: number): string {
  return value.toString(36);
}

function number(digits: string): number {
  return Number.parseInt(digits, 36);
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Returns 22 characters for a UUID; any other id stands as it is. */
function shortRun(run: string): string {
  if (!UUID.test(run)) return `~${run}`;
  return Buffer.from(run.replaceAll('-', ''), 'hex').toString('base64url');
}

function longRun(text: string): string {
  if (text.startsWith('~')) return text.slice(1);
  const hex = Buffer.from(text, 'base64url').toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
