import type { Message, Task } from '@a2a-js/sdk';
import type { TaskEvent } from '../a2a/event.ts';
import type { PushTerms } from '../model/entry.ts';
import type { TaskKey } from '../task-key.ts';

/** An event for the receiver of one push configuration. */
export interface PushedEvent {
  readonly key: TaskKey;
  /**
   * Unique for the configuration and the event, and the same for each attempt. It consists of at most
   * 64 characters out of `[A-Za-z0-9._-]`.
   */
  readonly id: string;
  /** Shared with other readers: never write to it. */
  readonly event: TaskEvent | { readonly kind: 'message'; readonly data: Message };
  readonly terms: PushTerms;
  /** 1 for the first attempt of this instance. */
  readonly attempt: number;
  /** Returns a copy of the Task, which may be newer than the event; `undefined` before its first event. */
  task(): Task | undefined;
}

/**
 * The result of one attempt. `reason` is a short fixed text, without any part of an answer or an
 * address.
 *
 * - `retry`: another attempt may succeed, not before `afterMs` milliseconds
 * - `refused`: no attempt will succeed
 */
export type PushOutcome =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'retry'; readonly reason: string; readonly afterMs?: number | undefined }
  | { readonly kind: 'refused'; readonly reason: string };

/** The receiver of one push configuration. */
export interface PushReceiver {
  /** Makes one attempt. Never rejects. */
  send(event: PushedEvent, signal: AbortSignal): Promise<PushOutcome>;
}

/** The failed attempts at one event. */
export interface FailedPush {
  readonly outcome: Exclude<PushOutcome, { readonly kind: 'delivered' }>;
  /** 1 for the first on this instance. */
  readonly attempts: number;
  /** When the first attempt failed, on any instance; milliseconds since the epoch. */
  readonly failingSince: number;
  readonly now: number;
  /** In [0, 1). */
  readonly random: number;
}

/** The step after a failed attempt. */
export type PushRetry =
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'give-up'; readonly reason: string };

/** Delivers events to the receivers of push configurations. */
export interface PushTransport {
  /**
   * Resolves with the receivers of those configurations that exist, strongly consistent. Rejects
   * with a coded error.
   */
  receivers(key: TaskKey, configs: readonly string[]): Promise<ReadonlyMap<string, PushReceiver>>;
  /**
   * Resolves with false if only other processes can deliver to these configurations of a task. Rejects with
   * a coded error.
   */
  canDeliver(key: TaskKey, configs: readonly string[]): Promise<boolean>;
  retry(failed: FailedPush): PushRetry;
  /**
   * Returns true for a configuration that only another process can deliver to. `isFound`: the last look-up
   * had a receiver for it.
   */
  mustLeave(config: string, isFound: boolean): boolean;
}
