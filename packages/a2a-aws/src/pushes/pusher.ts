import type { Generation } from '@a2a-aws/core';
import { Backlog, type OpenLog, taskKeyText } from '@a2a-aws/core/internal';
import type { AgentExecutionEvent, ServerCallContext } from '@a2a-js/sdk/server';
import type { PushJobs } from './push-jobs.ts';
import { type PushDeps, PushQueue } from './push-queue.ts';

/** Takes an event of a run and, unless it is an answer, its generation. */
export type Push = (event: AgentExecutionEvent, generation?: Generation) => void;

/** Pushes the events of a handler's runs, with one queue for each task. */
export class Pusher {
  readonly #deps: PushDeps;
  /** The events of all tasks that wait for receivers. */
  readonly #backlog = new Backlog();
  readonly #queues = new WeakMap<OpenLog, PushQueue>();
  /** A log that was closed and opened again has another queue; the two take turns. */
  readonly #jobs: PushJobs;

  constructor(deps: PushDeps, jobs: PushJobs) {
    this.#deps = deps;
    this.#jobs = jobs;
  }

  /** Returns a function that pushes the events of a run, on behalf of its request. */
  follow(open: OpenLog, context: ServerCallContext): Push {
    const queue = this.#queues.get(open) ?? this.#newQueue(open);
    queue.forget();
    return (event, generation) => queue.add(event, context, generation);
  }

  #newQueue(open: OpenLog): PushQueue {
    const key = taskKeyText(open.log.key);
    const turn = (move: (signal: AbortSignal) => Promise<void>): void =>
      this.#jobs.enqueue(key, move);
    const queue = new PushQueue(open.log, this.#backlog.ofTask(), turn, this.#deps);
    this.#queues.set(open, queue);
    return queue;
  }
}
