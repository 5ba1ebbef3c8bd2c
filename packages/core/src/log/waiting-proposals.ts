import type { Generation } from '../model/generation.ts';
import type { Proposal } from '../model/proposal.ts';
import type { Refusal } from '../model/refusal.ts';
import type { LogState } from '../model/state.ts';
import type { Backlog } from './backlog.ts';

/** The outcome of a proposal. */
export type Appended =
  /** `generation` is the generation of the last proposed event, or of the last one before. */
  { readonly appended: LogState; readonly generation: Generation } | { readonly refused: Refusal };

/** A proposal that waits to be written. */
export interface Waiting {
  readonly propose: Proposal;
  /** The size of its content. */
  readonly bytes: number;
  /** No caller waits for it, so it may wait for others. */
  readonly mayWait: boolean;
  readonly resolve: (outcome: Appended) => void;
  readonly reject: (error: unknown) => void;
}

/** The proposals of one log that wait to be written, in order of arrival. */
export class WaitingProposals {
  readonly #queue: Waiting[] = [];
  readonly #backlog: Backlog;
  #contentBytes = 0;
  /** The number of proposals from the first one on that must be written now. */
  #due = 0;

  constructor(backlog: Backlog) {
    this.#backlog = backlog;
  }

  get all(): readonly Waiting[] {
    return this.#queue;
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  /** True if the first of them must be written now. */
  get isDue(): boolean {
    return this.#due > 0;
  }

  /** True if a caller waits for one of them. */
  get isAwaited(): boolean {
    return this.#queue.some(({ mayWait }) => !mayWait);
  }

  /** The size of their content together, in bytes. */
  get contentBytes(): number {
    return this.#contentBytes;
  }

  /** The memory that all of them take, in bytes, approximately. */
  get bytes(): number {
    return this.#backlog.bytes;
  }

  /** Returns true if this many more bytes may wait. */
  hasRoomFor(bytes: number): boolean {
    // A proposal without content ends a run or a task, so it must always be accepted.
    return bytes === 0 || this.#backlog.hasRoomFor(bytes);
  }

  add(waiting: Waiting): void {
    this.#queue.push(waiting);
    this.#contentBytes += waiting.bytes;
    this.#backlog.add(waiting.bytes);
  }

  /** Makes all of them due, now that each has waited for long enough. */
  makeDue(): void {
    this.#due = this.#queue.length;
  }

  /** Removes the first `count` proposals and returns them. */
  remove(count: number): Waiting[] {
    this.#due = Math.max(0, this.#due - count);
    const removed = this.#queue.splice(0, count);
    for (const { bytes } of removed) {
      this.#contentBytes -= bytes;
      this.#backlog.remove(bytes);
    }
    return removed;
  }

  /** Removes the first `count` proposals and rejects them. */
  reject(count: number, error: unknown): void {
    for (const waiting of this.remove(count)) waiting.reject(error);
  }

  rejectAll(error: unknown): void {
    this.reject(this.#queue.length, error);
  }
}
