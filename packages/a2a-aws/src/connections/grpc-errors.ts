import type { GrpcCall } from './answer.ts';
import type { Connection } from './connection.ts';
import { errorDetail, retryDetail, STATUS_DETAILS, statusDetails } from './grpc-status-details.ts';
import { mismatchInfo } from './task-generation-mismatch.ts';

const UNAVAILABLE = 14;
/** For people: clients read the detail. */
const RETRY = 'Try again.';

/** The metadata of a gRPC call, whose class the server's library owns. */
interface Metadata {
  set(key: string, value: Buffer): void;
}

/** A method's callback for its answer. */
export type Callback = (error: object | null, ...answer: unknown[]) => void;

/** Has the errors of a call's stream contain details that the SDK does not know. */
export function detailStream(call: GrpcCall, connection: Connection): void {
  const emit = call.emit.bind(call);
  call.emit = (event, ...args: unknown[]) => {
    const [error] = args;
    return event === 'error' && typeof error === 'object' && error !== null
      ? emit(event, detailed(error, call, connection))
      : emit(event, ...args);
  };
}

/** Returns the callback, with details in its errors that the SDK does not know. */
export function detailing(callback: Callback, call: GrpcCall, connection: Connection): Callback {
  return (error, ...answer) => callback(error && detailed(error, call, connection), ...answer);
}

function detailed(error: object, call: GrpcCall, connection: Connection): object {
  const { details, retryAfterSeconds } = connection;
  // A wrapper around the handler may answer with another error.
  const code: unknown = Reflect.get(error, 'code');
  if (details && code === details.status) {
    const detail = errorDetail(mismatchInfo(details));
    return withDetails(error, call, statusDetails(code, details.message, detail));
  }
  if (retryAfterSeconds === undefined || code !== UNAVAILABLE) return error;
  return withDetails(error, call, statusDetails(code, RETRY, retryDetail(retryAfterSeconds)));
}

function withDetails(error: object, { metadata }: GrpcCall, details: Buffer): object {
  const trailing: Metadata = Reflect.construct(metadata.constructor, []);
  trailing.set(STATUS_DETAILS, details);
  return { ...error, metadata: trailing };
}
