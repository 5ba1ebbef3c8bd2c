/** The consequence of an error for a client that reads a stream. */
export type Failure =
  /** Another try may succeed, after this time in milliseconds if the server has named one; else 0. */
  | number
  /** The server refuses the cursor: the client subscribes without one. */
  | 'refused'
  /** The server refuses to stream the task. It has ended, or the agent does not stream. */
  | 'unsupported'
  /** No other try changes the answer. */
  | 'final';

/** The fields of the SDK's errors. Anything may be thrown. */
interface ErrorShape {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly cause?: ErrorShape;
  /** JSON-RPC, for errors that the SDK has no class for. */
  readonly envelopeCode?: unknown;
  /** gRPC. */
  readonly status?: unknown;
  /** REST. */
  readonly statusCode?: unknown;
  readonly headers?: Readonly<Record<string, unknown>>;
}

/** The errors of the SDK that name a fault of the request. */
const REFUSALS = /^(Task|Push|Cont|Inv|Ext|Vers).+Error$/;
/** The SDK writes the status of an answer that is no JSON-RPC into the text of its error. */
const STATUS_TEXT = /^HTTP error [^:!]+[:!]( Status:)? (\d{3})/;
/**
 * HTTP: success before an error event, bad request, time-out, too early, too many requests, and the faults
 * of a server but 501 and 505. All others are final.
 */
const OTHER_HTTP = /^(2..|400|408|425|429|5(?!01|05)..)$/;
/** gRPC: the statuses about the task, the method or the user. 10: the task has another generation. */
const FINAL_GRPC = [5, 6, 7, 9, 10, 11, 12, 16];
/** A server with a wrong clock must not stop a client for days. */
const MAX_RETRY_AFTER_MS = 300_000;

/**
 * Decides about an error that a stream of the SDK's client threw.
 *
 * @param isResumed true if the request had a cursor
 */
export function failureOf(error: unknown, isResumed: boolean): Failure {
  let retryAfterMs = 0;
  // An error and its causes, which may be a circle.
  for (
    let at = error as ErrorShape | undefined, depth = 0;
    at && depth < 5;
    at = at.cause, depth++
  ) {
    const { name, message, envelopeCode, status, headers } = at;
    const http = at.statusCode ?? STATUS_TEXT.exec(`${message}`)?.[2];
    if (name === 'UnsupportedOperationError') return 'unsupported';
    const code = Number(envelopeCode);
    const isFinal =
      REFUSALS.test(`${name}`) ||
      // The codes of A2A, of which the SDK may not know all.
      (code < -32_000 && code > -32_100) ||
      FINAL_GRPC.includes(status as number) ||
      (http && !OTHER_HTTP.test(`${http}`));
    if (isFinal) return 'final';
    if (name === 'RequestMalformedError' || status === 3 || `${http}` === '400') {
      // A subscription has no other parameter that a server could find invalid.
      return isResumed ? 'refused' : 'final';
    }
    const wait = `${headers?.['retry-after']}`;
    const ms = Number(wait) * 1_000 || Date.parse(wait) - Date.now();
    if (ms > 0) retryAfterMs = Math.min(ms, MAX_RETRY_AFTER_MS);
  }
  return retryAfterMs;
}
