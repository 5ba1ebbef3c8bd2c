import type { Clock, LogFields, Scope } from '@a2a-aws/core';
import { ownerHash } from '@a2a-aws/core/internal';
import type { ServerCallContext } from '@a2a-js/sdk/server';

export interface FailedRequestDeps {
  readonly clock: Clock;
  readonly scopeOf: (context: ServerCallContext) => Scope;
}

/** A task id of this release. Other texts in a request come from the client and stay out of the log. */
const OURS = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A request, as log lines about its failure name it. */
export class FailedRequest {
  readonly method: string;
  /** `undefined` if the request names none, or one that this release did not create. */
  readonly taskId: string | undefined;
  readonly #context: ServerCallContext;
  readonly #deps: FailedRequestDeps;
  readonly #since: number;

  /** Construct it when the request arrives: its duration counts from here. */
  constructor(
    method: string,
    taskId: string | undefined,
    context: ServerCallContext,
    deps: FailedRequestDeps,
  ) {
    this.method = method;
    this.taskId = taskId !== undefined && OURS.test(taskId) ? taskId : undefined;
    this.#context = context;
    this.#deps = deps;
    this.#since = deps.clock.now();
  }

  /** Returns `undefined` if the owner resolver failed. */
  scope(): Scope | undefined {
    try {
      return this.#deps.scopeOf(this.#context);
    } catch {
      return undefined;
    }
  }

  fields(): LogFields {
    const scope = this.scope();
    return {
      method: this.method,
      taskId: this.taskId,
      owner: scope && ownerHash(scope),
      durationMs: Math.max(0, this.#deps.clock.now() - this.#since),
    };
  }
}
