import type { Slot } from '../model/slot.ts';
import type { TaskKey } from '../task-key.ts';

/** A place in a log: before an entry of the record at `slot`. */
export interface PushPlace {
  readonly slot: Slot;
  /** The number of entries of the record that come before; 0 for the beginning of the record. */
  readonly entry: number;
}

/** How far the events of a task have been delivered to the receiver of one push configuration. */
export interface PushProgress {
  /** The receiver has accepted every event before this place. */
  readonly place: PushPlace;
  /**
   * When the receiver first failed to accept the event at this place, by the clock of the instance
   * that tried; milliseconds since the epoch.
   */
  readonly failingSince?: number | undefined;
  /** Deliveries have ended for this reason. They begin again if the configuration is redriven. */
  readonly failure?: string | undefined;
}

/** The progress of a task's push configurations, by the id of the configuration. */
export type TaskPushes = ReadonlyMap<string, PushProgress>;

/** States that one instance delivers the events of a task. */
export interface PushClaim {
  readonly instance: string;
  /** 1 for the first claim of a task, one more for each later one. A late claim is never taken. */
  readonly turn: number;
}

/**
 * The result of a claim: the progress so far, or the last claim that the ledger knows, turn 0 if
 * there was none. `isHeld` is false once that was released.
 */
export type Claimed =
  | { readonly claimed: TaskPushes }
  | { readonly last: PushClaim; readonly isHeld: boolean };

/** The result of a release; `asked`: another instance has asked for it, so the claim still holds. */
export type Released = 'released' | 'lost' | { readonly asked: string };

/**
 * The delivery of push notifications, beside each task's log: how far it is, and the instance that
 * is responsible for it.
 *
 * Every method is safe to repeat, and rejects with a coded error (`unreachable` is worth another
 * try). A write that was rejected with `unreachable` may still have taken effect.
 */
export interface PushLedger {
  /**
   * Claims the task's deliveries if the last claim has the turn before and was released.
   * `replaces`: also if it still holds. `now`, in milliseconds since the epoch, renews how long the
   * progress is kept.
   */
  claim(key: TaskKey, claim: PushClaim, now: number, replaces?: boolean): Promise<Claimed>;
  /** Stores the progress of all configurations. Resolves with false if the claim does not hold. */
  save(key: TaskKey, claim: PushClaim, pushes: TaskPushes, now: number): Promise<boolean>;
  /**
   * Asks the instance that holds the claim to read the log again before it releases its claim.
   * `question` is a unique id. Resolves with false if the claim does not hold any more.
   */
  ask(key: TaskKey, claim: PushClaim, question: string): Promise<boolean>;
  /**
   * Stores the progress and gives up the claim, unless a question was asked after `answered`, which
   * is the last question that the instance knows about.
   */
  release(
    key: TaskKey,
    claim: PushClaim,
    pushes: TaskPushes,
    now: number,
    answered?: string,
  ): Promise<Released>;
  /** Resolves with the progress of the task's configurations, strongly consistent. */
  read(key: TaskKey): Promise<TaskPushes>;
}
