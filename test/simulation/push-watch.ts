import { eventToJson, type Scope, type TaskEvent } from '@a2a-aws/core';
import type { SimulatedProcess } from '@a2a-aws/testkit/fakes';
import type { StreamResponse } from '@a2a-js/sdk';
import {
  type PushNotificationSender,
  type PushNotificationStore,
  resolveUserScope,
  type ServerCallContext,
} from '@a2a-js/sdk/server';
import type { TaskTruth, TrueRun, Violate } from './task-truth.ts';

export interface PushWatchDeps {
  readonly truth: (scope: Scope, taskId: string) => TaskTruth | undefined;
  readonly violate: Violate;
}

/**
 * Judges what is handed to the sender of push notifications: only what is durable, each event of a run
 * once and in order, by the process that runs it, for the configurations that were set before.
 */
export class PushWatch {
  readonly #deps: PushWatchDeps;
  /** Generations, by task and process. */
  readonly #pushed = new Map<string, number[]>();

  constructor(deps: PushWatchDeps) {
    this.#deps = deps;
  }

  /** The sender in one process. */
  sender(process: SimulatedProcess, store: PushNotificationStore): PushNotificationSender {
    return {
      send: async (response, context) => {
        if (process.isCrashed) return;
        const taskId = this.#onPush(process.name, response, context);
        if (taskId === undefined) return;
        const configs = await store.load(taskId, context);
        if (configs.length === 0) {
          this.#deps.violate('push', `${taskId}: there is no configuration to push for`);
        }
      },
    };
  }

  /** Whoever runs a task and lives to its run's end has pushed all of it. */
  checkEnd(tasks: Iterable<TaskTruth>, livingHome: (run: TrueRun) => string | undefined): void {
    for (const truth of tasks) {
      for (const [id, run] of truth.runs) {
        const home = run.lost ? undefined : livingHome(run);
        if (home === undefined) continue;
        const pushed = this.#pushed.get(`${truth.name} ${home}`) ?? [];
        const own = generationsOf(truth, id);
        const told = pushed.filter((generation) => own.includes(generation));
        if (JSON.stringify(told) === JSON.stringify(own)) continue;
        this.#deps.violate('push', `${truth.name}: of ${id}'s events ${own}, ${told} were pushed`);
      }
    }
  }

  #onPush(
    process: string,
    { payload }: StreamResponse,
    context: ServerCallContext,
  ): string | undefined {
    if (!payload || payload.$case === 'message') return undefined;
    const taskId = payload.$case === 'task' ? payload.value.id : payload.value.taskId;
    const scope = { tenant: context.tenant ?? '', owner: resolveUserScope(context) };
    const truth = this.#deps.truth(scope, taskId);
    const text = JSON.stringify(
      eventToJson({ kind: payload.$case, data: payload.value } as TaskEvent),
    );
    const generation = (truth?.events.indexOf(text) ?? -1) + 1;
    if (!truth || generation === 0) {
      this.#deps.violate('I2', `${taskId}: pushed what is not durable: ${text.slice(0, 200)}`);
      return undefined;
    }
    const name = `${truth.name} ${process}`;
    this.#pushed.set(name, [...(this.#pushed.get(name) ?? []), generation]);
    return taskId;
  }
}

/** Where the events of a run stand. */
function generationsOf(truth: TaskTruth, run: string): number[] {
  return truth.records.flatMap(({ slot, entries }) =>
    entries
      .filter((entry) => entry.kind === 'event')
      .flatMap((entry, at) => (entry.run === run ? [slot.generation + at] : [])),
  );
}
