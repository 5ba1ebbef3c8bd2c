import type { A2AError } from '@a2a-js/sdk/errors';
import type { ServerCallContext } from '@a2a-js/sdk/server';
import { connectionOf } from '../connections/connection.ts';
import { FlatStream, type Parts } from '../streams/flat-stream.ts';
import { clientError } from './client-error.ts';
import { FailedRequest } from './failed-request.ts';
import type { HandlerDeps } from './handler-deps.ts';

/** A request, as error handling sees it. */
export interface GuardedRequest {
  readonly method: string;
  readonly context: ServerCallContext;
  /** The task that the request names, if any. */
  readonly taskId?: string | undefined;
}

/** Registers the connection of each request, and turns every error into one that clients may see. */
export class RequestGuard {
  readonly #deps: Pick<HandlerDeps, 'clock' | 'scopeOf' | 'logger' | 'errors'>;

  constructor(deps: Pick<HandlerDeps, 'clock' | 'scopeOf' | 'logger' | 'errors'>) {
    this.#deps = deps;
  }

  async run<T>(request: GuardedRequest, work: () => Promise<T>): Promise<T> {
    const translate = this.#begin(request);
    try {
      return await work();
    } catch (error) {
      throw translate(error);
    }
  }

  stream<T>(request: GuardedRequest, parts: Parts<T>): AsyncGenerator<T, void, undefined> {
    return new FlatStream(this.#parts(request, parts));
  }

  async *#parts<T>(request: GuardedRequest, parts: Parts<T>): Parts<T> {
    const translate = this.#begin(request);
    try {
      yield* parts;
    } catch (error) {
      throw translate(error);
    }
  }

  #begin({ method, context, taskId }: GuardedRequest): (error: unknown) => A2AError {
    const { logger, errors } = this.#deps;
    const request = new FailedRequest(method, taskId, context, this.#deps);
    connectionOf(context)?.takeUp();
    return (error) => clientError(error, connectionOf(context), { logger, errors, request });
  }
}
