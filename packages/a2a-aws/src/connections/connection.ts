import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '@a2a-aws/core';
import type { ServerCallContext } from '@a2a-js/sdk/server';
import { type Answer, type GrpcCall, grpcAnswer, httpAnswer } from './answer.ts';
import { EventStream } from './event-stream.ts';
import { type FrameStamp, FrameStamps } from './frame-stamps.ts';
import { JoinedWrites } from './joined-writes.ts';
import type { OpenConnections } from './open-connections.ts';
import { queryOf, takeVersion } from './protocol-version.ts';
import type { SentMessage } from './sent-message.ts';
import type { TaskGenerationMismatchError } from './task-generation-mismatch.ts';

/** How long a client may leave a stream unread, in milliseconds, before its connection is broken. */
const MAX_STALL_MS = 60_000;

/** One request on its way through the SDK's routers or service, which look at none of this. */
export class Connection {
  readonly #answer: Answer;
  readonly #left = new AbortController();
  readonly #stream: EventStream | undefined;
  readonly #joined: JoinedWrites | undefined;
  /** As the SDK's errors name it: its routers take HTTP statuses from errors of `rest`. */
  readonly transport: 'rest' | 'grpc';
  readonly #open: OpenConnections | undefined;
  readonly #request: IncomingMessage | undefined;
  readonly #clock: Clock;
  readonly #stamps = new FrameStamps();
  readonly #generations = new Map<string, number>();
  /** True if the client speaks A2A 1.1. */
  readonly isNewer: boolean;
  #retryAfterSeconds: number | undefined;
  #details: TaskGenerationMismatchError | undefined;

  private constructor(answer: Answer, clock: Clock, http?: HttpParts) {
    this.#answer = answer;
    this.#clock = clock;
    this.#stream = http?.stream;
    this.#joined = http?.joined;
    this.#request = http?.request;
    this.#open = http?.open;
    this.isNewer = http?.isNewer === true;
    this.transport = http ? 'rest' : 'grpc';
    const leave = (): void => this.#left.abort();
    if (answer.hasLeft()) leave();
    else answer.emitter.once(answer.leaves, leave);
  }

  static http(
    request: IncomingMessage,
    response: ServerResponse,
    clock: Clock,
    open: OpenConnections,
  ): Connection {
    const joined = new JoinedWrites(response);
    const stream = new EventStream(response, clock);
    const isNewer = takeVersion(request);
    const parts = { request, joined, stream, open, isNewer };
    const connection = new Connection(httpAnswer(response), clock, parts);
    connection.#stamps.watch(response);
    return connection;
  }

  static grpc(call: GrpcCall, clock: Clock): Connection {
    return new Connection(grpcAnswer(call), clock);
  }

  /** Aborts when the client has left, or the answer is complete. */
  get left(): AbortSignal {
    return this.#left.signal;
  }

  /** A handler of the backend answers. A gRPC server closes its calls by itself. */
  takeUp(): void {
    this.#open?.add(this);
  }

  /** Breaks the connection, whatever of the answer was read. */
  destroy(): void {
    this.#left.abort();
    this.#answer.destroy();
  }

  /** The answer will be a stream. gRPC's service opens its streams by itself. */
  expectStream(): void {
    this.#joined?.begin();
    this.#stream?.expect();
  }

  /**
   * All that is refused before a stream's first event was accepted. `sent`: over HTTP, the client can
   * resume the stream of its message before the first frame.
   */
  establishStream(sent?: SentMessage): void {
    this.#stream?.establish(sent);
  }

  /** The stream has no frame. The status of the answer keeps an EventSource from connecting again. */
  endEmpty(): void {
    if (this.#request?.method === 'GET') this.#stream?.endEmpty();
  }

  /** Stamps the next frame. The metadata of an event is its stamp over gRPC. */
  stamp(stamp: FrameStamp): void {
    if (this.#stream) this.#stamps.add(stamp);
  }

  /** Adds A2A 1.1's field `generation` to a task in the answer, over HTTP. */
  addGeneration(taskId: string, generation: number): void {
    this.#generations.set(taskId, generation);
  }

  /** The generations of tasks in the answer, by task id. */
  get generations(): ReadonlyMap<string, number> {
    return this.#generations;
  }

  /** Returns a parameter of the query of a GET request; `undefined` if there is none. */
  query(name: string): string | undefined {
    const request = this.#request;
    return request?.method === 'GET' ? (queryOf(request).get(name) ?? undefined) : undefined;
  }

  /** The body of an HTTP request, if a body parser has parsed it. Not validated. */
  get body(): unknown {
    return (this.#request as { readonly body?: unknown } | undefined)?.body;
  }

  /** Makes the answer a 503 with Retry-After, over HTTP. Over gRPC, adds the time to UNAVAILABLE. */
  retryLater(seconds = 1): void {
    this.#retryAfterSeconds = seconds;
  }

  /** Takes back {@link retryLater}. */
  answerNow(): void {
    this.#retryAfterSeconds = undefined;
  }

  /** When the client may try again; `undefined` if the answer is final. */
  get retryAfterSeconds(): number | undefined {
    return this.#retryAfterSeconds;
  }

  /** Adds the details of an error that the SDK does not know to the answer, over gRPC. */
  addDetails(error: TaskGenerationMismatchError): void {
    this.#details = error;
  }

  get details(): TaskGenerationMismatchError | undefined {
    return this.#details;
  }

  /**
   * Resolves when the client has read everything that was written, or has left. A client that reads
   * nothing for a minute is disconnected.
   */
  async drained(): Promise<void> {
    const { emitter } = this.#answer;
    const { signal } = this.#left;
    while (this.#answer.isBehind() && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const cancel = this.#clock.after(MAX_STALL_MS, () => this.destroy());
        const done = (): void => {
          cancel();
          emitter.off('drain', done);
          signal.removeEventListener('abort', done);
          resolve();
        };
        emitter.once('drain', done);
        signal.addEventListener('abort', done, { once: true });
      });
    }
  }
}

interface HttpParts {
  readonly request: IncomingMessage;
  readonly joined: JoinedWrites;
  readonly stream: EventStream;
  readonly isNewer: boolean;
  /** Gets the connection when a handler of the backend takes it up. */
  readonly open: OpenConnections;
}

/** The connections of HTTP requests. A token in a header proves none: a client may send one. */
const byRequest = new WeakMap<IncomingMessage, Connection>();
/** Connections by the tokens in headers and metadata. A call's context may have a copy of these. */
const byToken = new Map<string, WeakRef<Connection>>();
const forgotten = new FinalizationRegistry<string>((token) => byToken.delete(token));

/** The header of a request, or the metadata key of a gRPC call, with the token of its connection. */
const TOKEN_KEY = 'a2a-aws-call';

/**
 * The connection of an HTTP request, whose calls {@link connectionOf} finds from now on; `undefined` if the
 * request has one already. `token`: see {@link grpcConnection}.
 */
export function httpConnection(
  request: IncomingMessage,
  response: ServerResponse,
  token: string,
  clock: Clock,
  open: OpenConnections,
): Connection | undefined {
  if (byRequest.has(request)) return undefined;
  const connection = Connection.http(request, response, clock, open);
  byRequest.set(request, connection);
  addToken(connection, token);
  request.headers[TOKEN_KEY] = token;
  return connection;
}

/**
 * The connection of a gRPC call. `token`: an id that no client can guess; it replaces the one of
 * the client.
 */
export function grpcConnection(call: GrpcCall, token: string, clock: Clock): Connection {
  const connection = Connection.grpc(call, clock);
  addToken(connection, token);
  call.metadata.set(TOKEN_KEY, token);
  return connection;
}

function addToken(connection: Connection, token: string): void {
  byToken.set(token, new WeakRef(connection));
  forgotten.register(connection, token);
}

/**
 * The connection that a call belongs to; `undefined` if `backend.express()` or `backend.grpc()` is not in
 * use, or if a context builder of the user's left the headers out. Asynchronous context is not asked:
 * a library that calls back in the context of another request would name another client.
 */
export function connectionOf(context: ServerCallContext): Connection | undefined {
  const headers: unknown = context.state?.get('headers');
  if (typeof headers !== 'object' || headers === null) return undefined;
  const token: unknown = Reflect.get(headers, TOKEN_KEY);
  return typeof token === 'string' ? byToken.get(token)?.deref() : undefined;
}
