import { Backlog, type OpenLog, taskKeyText } from '@a2a-aws/core';
import type { AgentExecutionEvent, ServerCallContext } from '@a2a-js/sdk/server';
import { type PushDeps, PushQueue } from './push-queue.ts';
import type { KeyedSerialQueue } from './turns.ts';

/** Takes an event of a run and, unless it is an answer, its generation. */
export type Push = (event: AgentExecutionEvent, generation?: number) => void;

/** Pushes what a handler's runs tell: the runs of one task in one line. */
export class Pusher {
  readonly #deps: PushDeps;
  /** What waits for receivers, of all tasks. */
  readonly #backlog = new Backlog();
  readonly #lines = new WeakMap<OpenLog, PushQueue>();
  /** A log that was closed and opened again has another line: they take turns. */
  readonly #turns: KeyedSerialQueue;

  constructor(deps: PushDeps, turns: KeyedSerialQueue) {
    this.#deps = deps;
    this.#turns = turns;
  }

  /** Whom to tell of the events of a run, in the name of its request. */
  follow(open: OpenLog, context: ServerCallContext): Push {
    const line = this.#lines.get(open) ?? this.#newLine(open);
    line.forget();
    return (event, generation) => line.add(event, context, generation);
  }

  #newLine(open: OpenLog): PushQueue {
    const key = taskKeyText(open.log.key);
    const turn = (move: (signal: AbortSignal) => Promise<void>): void =>
      this.#turns.take(key, move);
    const line = new PushQueue(open.log, this.#backlog.ofTask(), turn, this.#deps);
    this.#lines.set(open, line);
    return line;
  }
}
