import type { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';

/** A call as gRPC's server gives it to a service's methods. */
export interface GrpcCall extends EventEmitter {
  /** The client has canceled the call, or is gone. */
  readonly cancelled: boolean;
  readonly metadata: { set(key: string, value: string): void };
  /** The number of messages that a streaming call has not sent yet; absent on other calls. */
  readonly writableLength?: number;
  /** Absent on calls that do not stream. */
  write?(message: unknown, sent?: () => void): boolean;
}

/** The answer to a request while it is written, over HTTP or gRPC. Emits `drain` if the client has taken all of it. */
export interface Answer {
  readonly emitter: EventEmitter;
  /** The event of the emitter that tells that the client has left. */
  readonly leaves: 'close' | 'cancelled';
  /** True if the client has left. */
  hasLeft(): boolean;
  /** True if the client has not read everything that was written. */
  isBehind(): boolean;
  /** Breaks the connection, whatever the client has taken. */
  destroy(): void;
}

export function httpAnswer(response: ServerResponse): Answer {
  return {
    emitter: response,
    leaves: 'close',
    hasLeft: () => response.closed || response.destroyed,
    isBehind: () => response.writableNeedDrain,
    destroy: () => response.destroy(),
  };
}

/** gRPC's status for a stream that the client may resume. */
const UNAVAILABLE = 14;

/**
 * The answer of a gRPC call, which is behind while any message is unsent: a call by itself tells only
 * after 16. A call cannot be broken: its client gets UNAVAILABLE after the message that is being sent.
 */
export function grpcAnswer(call: GrpcCall): Answer {
  const { write } = call;
  if (write) {
    call.write = (message) =>
      write.call(call, message, () => {
        if (!call.writableLength) call.emit('drain');
      });
  }
  return {
    emitter: call,
    leaves: 'cancelled',
    hasLeft: () => call.cancelled,
    isBehind: () => (call.writableLength ?? 0) > 0,
    destroy: () => {
      call.emit('error', { code: UNAVAILABLE, details: 'The client left the stream unread.' });
    },
  };
}
