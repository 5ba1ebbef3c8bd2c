import { Backlog, type OpenLog } from '@a2a-aws/core';
import type { AgentExecutionEvent, ServerCallContext } from '@a2a-js/sdk/server';
import { type PushDeps, PushLine } from './push-line.ts';

/** Pushes what a handler's runs tell: the runs of one task in one line. */
export class Pusher {
  readonly #deps: PushDeps;
  /** What waits for receivers, of all tasks. */
  readonly #backlog = new Backlog();
  readonly #lines = new WeakMap<OpenLog, PushLine>();

  constructor(deps: PushDeps) {
    this.#deps = deps;
  }

  /** Whom to tell of the events of a run, in the name of its request. */
  follow(open: OpenLog, context: ServerCallContext): (event: AgentExecutionEvent) => void {
    const line = this.#lines.get(open) ?? this.#newLine(open);
    line.forget();
    return (event) => line.add(event, context);
  }

  #newLine(open: OpenLog): PushLine {
    const line = new PushLine(open.log, this.#backlog.ofTask(), this.#deps);
    this.#lines.set(open, line);
    return line;
  }
}
