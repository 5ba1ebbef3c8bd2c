import type { ServerResponse } from 'node:http';
import type { Clock } from '@a2a-aws/core';
import type { SentMessage } from './sent-message.ts';

/** How often an event stream carries a comment, in milliseconds: proxies cut silent connections. */
const HEARTBEAT_MS = 15_000;
/** How long an established stream waits for its first event, in milliseconds, before it opens without one. */
const GRACE_MS = 1_000;
/** The header with the id of the task that a message has begun or continued. */
const TASK_ID = 'A2A-Task-Id';
const COMMENT = ': alive\n\n';
const HEADERS = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-cache, no-transform',
  // nginx buffers otherwise.
  'X-Accel-Buffering': 'no',
} as const;

/**
 * A response as an event stream. The SDK's routers send headers with the first event, which may come
 * late. This class opens the stream before, and ignores the headers that the routers set afterwards.
 * Compression middleware that respects `no-transform` does not delay it.
 */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #clock: Clock;
  /** True if the headers were sent here, before the router's. */
  #isAhead = false;
  #isOver = false;
  #firstCursor: string | undefined;
  #cancelOpening = (): void => {};
  #cancelHeartbeat: (() => void) | undefined;

  constructor(response: ServerResponse, clock: Clock) {
    this.#response = response;
    this.#clock = clock;
    this.#watchHeaders();
    this.#watchEnd();
    // A client may take long to read a complete answer, and `close` comes only afterwards.
    response.once('finish', () => this.#stop());
    response.once('close', () => this.#stop());
  }

  /** The answer will be a stream: it opens within a heartbeat's time at most. */
  expect(): void {
    this.#openIn(HEARTBEAT_MS);
  }

  /**
   * The request was accepted: the stream opens soon, with or without an event. `sent`: the client can
   * resume the stream even if it gets no event.
   */
  establish(sent?: SentMessage): void {
    // An id in other characters cannot be a header. Its client sends the message again.
    const isHeader = sent && /^[\x21-\x7e]+$/.test(sent.taskId);
    if (isHeader && !this.#response.headersSent) this.#response.setHeader(TASK_ID, sent.taskId);
    this.#firstCursor = sent?.cursor;
    this.#openIn(GRACE_MS);
  }

  /** The stream ends without an event. */
  endEmpty(): void {
    if (!this.#response.headersSent) this.#response.statusCode = 204;
  }

  #openIn(ms: number): void {
    this.#cancelOpening();
    if (!this.#isOver) this.#cancelOpening = this.#clock.after(ms, () => this.#open());
  }

  #open(): void {
    const response = this.#response;
    if (response.headersSent || this.#isOver || response.destroyed) return;
    response.statusCode = 200;
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    this.#isAhead = true;
    response.flushHeaders();
    // An id without data: a client that is cut off before the first event resumes at it.
    response.write(this.#firstCursor === undefined ? COMMENT : `id: ${this.#firstCursor}\n\n`);
  }

  #watchHeaders(): void {
    const response = this.#response;
    const setHeader = response.setHeader.bind(response);
    response.setHeader = (name, value) => {
      if (this.#isAhead) return response;
      setHeader(name, value);
      if (this.#isEventStream()) {
        this.#forbidTransforms(setHeader);
        this.#cancelOpening();
        this.#cancelHeartbeat ??= this.#clock.after(HEARTBEAT_MS, () => this.#beat());
      }
      return response;
    };
  }

  /** Before the first event a router answers an error as JSON; in an open stream that is an event. */
  #watchEnd(): void {
    const response = this.#response;
    const end = response.end.bind(response) as (...args: unknown[]) => ServerResponse;
    response.end = (...args: unknown[]): ServerResponse => {
      const [chunk] = args;
      const isBody = typeof chunk === 'string' || chunk instanceof Uint8Array;
      return this.#isAhead && isBody ? end(errorEvent(chunk)) : end(...args);
    };
  }

  #isEventStream(): boolean {
    return String(this.#response.getHeader('Content-Type')).startsWith('text/event-stream');
  }

  #forbidTransforms(setHeader: ServerResponse['setHeader']): void {
    const control = this.#response.getHeader('Cache-Control');
    if (control === undefined) setHeader('Cache-Control', HEADERS['Cache-Control']);
    else if (!/no-transform/i.test(`${control}`))
      setHeader('Cache-Control', `${control}, no-transform`);
  }

  #beat(): void {
    const response = this.#response;
    if (this.#isOver || response.writableEnded || response.destroyed) return;
    if (response.headersSent && !response.writableNeedDrain) response.write(COMMENT);
    this.#cancelHeartbeat = this.#clock.after(HEARTBEAT_MS, () => this.#beat());
  }

  #stop(): void {
    this.#isOver = true;
    this.#cancelOpening();
    this.#cancelHeartbeat?.();
  }
}

/** The event that the SDK's routers send when a stream fails. */
function errorEvent(body: string | Uint8Array): string {
  const text = typeof body === 'string' ? body : Buffer.from(body).toString('utf8');
  const data = text.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return `event: error\n${data.join('')}\n`;
}
