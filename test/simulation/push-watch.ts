import type { Scope, TaskEvent } from '@a2a-aws/core';
import { eventToJson } from '@a2a-aws/core/internal';
import type { SimulatedProcess } from '@a2a-aws/testkit/fakes';
import type { StreamResponse } from '@a2a-js/sdk';
import {
  type PushNotificationSender,
  type PushNotificationStore,
  resolveUserScope,
  type ServerCallContext,
} from '@a2a-js/sdk/server';
import type { ExpectedRun, ExpectedTask, Violate } from './expected-task.ts';

export interface PushWatchDeps {
  readonly expected: (scope: Scope, taskId: string) => ExpectedTask | undefined;
  readonly violate: Violate;
}

/**
 * Checks the calls of the push notification sender: only durable events, each event of a run once and
 * in order, by the process that runs it, for the configurations that were set before.
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

  /** Checks that a process that lived to the end of its run has pushed all of the run's events. */
  checkEnd(
    tasks: Iterable<ExpectedTask>,
    livingHome: (run: ExpectedRun) => string | undefined,
  ): void {
    for (const expected of tasks) {
      for (const [id, run] of expected.runs) {
        const home = run.lost ? undefined : livingHome(run);
        if (home === undefined) continue;
        const pushed = this.#pushed.get(`${expected.name} ${home}`) ?? [];
        const own = generationsOf(expected, id);
        const told = pushed.filter((generation) => own.includes(generation));
        if (JSON.stringify(told) === JSON.stringify(own)) continue;
        this.#deps.violate(
          'push',
          `${expected.name}: of ${id}'s events ${own}, ${told} were pushed`,
        );
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
    const expected = this.#deps.expected(scope, taskId);
    const text = JSON.stringify(
      eventToJson({ kind: payload.$case, data: payload.value } as TaskEvent),
    );
    const generation = (expected?.events.indexOf(text) ?? -1) + 1;
    if (!expected || generation === 0) {
      this.#deps.violate('I2', `${taskId}: pushed what is not durable: ${text.slice(0, 200)}`);
      return undefined;
    }
    const name = `${expected.name} ${process}`;
    this.#pushed.set(name, [...(this.#pushed.get(name) ?? []), generation]);
    return taskId;
  }
}

/** Returns the generations of a run's events. */
function generationsOf(expected: ExpectedTask, run: string): number[] {
  return expected.records.flatMap(({ slot, entries }) =>
    entries
      .filter((entry) => entry.kind === 'event')
      .flatMap((entry, at) => (entry.run === run ? [slot.generation + at] : [])),
  );
}
