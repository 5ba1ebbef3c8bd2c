import type { LogState, PushStart } from '../model/state.ts';
import type { PushProgress, TaskPushes } from '../ports/push-ledger.ts';
import { retryUntilDone } from '../retry.ts';
import { PushLane, type PushLaneDeps } from './push-lane.ts';
import type { PushReceiver } from './push-transport.ts';

export interface PushLanesDeps extends PushLaneDeps {
  /** Called when the receivers must be looked up again. */
  readonly outdated: () => void;
}

/** The failure of a configuration that was removed from a task that had ended. */
export const REMOVED = 'removed';

/** How long until a missing configuration is looked up again, in milliseconds. */
const MISSING_MS = [100, 1_000, 5_000];

/** The lanes of one task: one for each of its push configurations that has a receiver. */
export class PushLanes {
  readonly #deps: PushLanesDeps;
  readonly #lanes = new Map<string, PushLane>();
  /** The configurations as of the last look-up of their receivers; `undefined` to look again. */
  #pushes: LogState['pushes'] | undefined;
  /** The progress of the configurations without a lane. */
  #progress: TaskPushes = new Map();
  #isUnable = false;
  /** Look-ups that did not find every configuration. */
  #missing = 0;
  #cancelLook: (() => void) | undefined;

  constructor(deps: PushLanesDeps) {
    this.#deps = deps;
  }

  /** True if a configuration remains that only another process can deliver to. */
  get isUnable(): boolean {
    return this.#isUnable;
  }

  /** True if every receiver has its events, or was given up. */
  get isAtRest(): boolean {
    return [...this.#lanes.values()].every((lane) => lane.isAtRest);
  }

  /** True if every other receiver is waited for before another attempt. */
  get isWaiting(): boolean {
    return [...this.#lanes.values()].every((lane) => lane.isAtRest || lane.isWaiting);
  }

  /** True if {@link update} must look the receivers up. */
  get isOutdated(): boolean {
    const { pushes, deleted } = this.#deps.open.log.state;
    return pushes !== this.#pushes || deleted;
  }

  /** The progress of the configurations that the task still has. */
  get progress(): TaskPushes {
    const current = new Map<string, PushProgress>();
    for (const id of this.#deps.open.log.state.pushes.keys()) {
      const progress = this.#lanes.get(id)?.progress ?? this.#progress.get(id);
      if (progress) current.set(id, progress);
    }
    return current;
  }

  /** Begins with this progress. */
  begin(progress: TaskPushes): void {
    this.#progress = progress;
  }

  /** Delivers what waits. */
  run(): void {
    for (const lane of this.#lanes.values()) void lane.run();
  }

  /** Looks the receivers up again at the next update. */
  expire(): void {
    this.#pushes = undefined;
  }

  /** As {@link expire}, after a configuration was stored. */
  reload(): void {
    this.expire();
    this.#missing = 0;
  }

  /** Begins again with the configurations that were given up. */
  restartFailed(): void {
    const restarted = new Map(this.progress);
    for (const [id, { place, failure }] of restarted) {
      if (failure === undefined || failure === REMOVED) continue;
      restarted.set(id, { place });
      const lane = this.#lanes.get(id);
      if (lane) this.#closeLane(id, lane);
    }
    this.#progress = restarted;
    this.expire();
  }

  /**
   * Opens a lane for each configuration that exists, and closes those of removed ones. Rejects with a
   * lasting error of the store.
   */
  async update(): Promise<void> {
    const { transport, open } = this.#deps;
    const { pushes, deleted } = open.log.state;
    if (this.#pushes) this.#missing = 0;
    this.#pushes = pushes;
    const ids = deleted ? [] : [...pushes.keys()];
    const receivers: ReadonlyMap<string, PushReceiver> =
      ids.length === 0
        ? new Map()
        : await retryUntilDone('push.store', this.#deps, () =>
            transport.receivers(open.log.key, ids),
          );
    this.#isUnable = ids.some((id) => {
      const hasEnded = this.#progress.get(id)?.failure !== undefined;
      return !hasEnded && transport.mustLeave(id, receivers.has(id));
    });
    if (receivers.size < ids.length) this.#lookAgain();
    for (const [id, lane] of this.#lanes) {
      if (!receivers.has(id)) this.#closeLane(id, lane);
    }
    for (const [id, receiver] of receivers) {
      const start = pushes.get(id) as PushStart;
      const known = this.#lanes.get(id);
      if (known?.isOf(start)) {
        known.update(start, receiver);
        continue;
      }
      // It was removed and set again, or its receiver was missing for a while.
      if (known) this.#closeLane(id, known);
      this.#lanes.set(id, new PushLane(id, start, this.#progress.get(id), receiver, this.#deps));
    }
  }

  /** Closes all lanes. Their progress is kept. */
  close(): void {
    for (const [id, lane] of this.#lanes) this.#closeLane(id, lane);
    this.expire();
  }

  /** Closes all lanes, and looks for no missing configuration any more. */
  end(): void {
    this.close();
    this.#cancelLook?.();
  }

  /** A configuration is stored right after its entry in the log. */
  #lookAgain(): void {
    const ms = MISSING_MS[this.#missing];
    this.#missing += 1;
    if (ms === undefined) return;
    this.#cancelLook?.();
    this.#cancelLook = this.#deps.clock.after(ms, () => {
      this.expire();
      this.#deps.outdated();
    });
  }

  #closeLane(id: string, lane: PushLane): void {
    this.#progress = new Map(this.#progress).set(id, lane.progress);
    lane.close();
    this.#lanes.delete(id);
  }
}
