import type { Clock, Entropy } from '@a2a-aws/core';
import type { GrpcCall } from './answer.ts';
import { grpcConnection } from './connection.ts';
import { type Callback, detailing, detailStream } from './grpc-errors.ts';

/** A method of a gRPC service; besides the call it gets the callback for its answer, if that is one. */
type Method = (call: GrpcCall, ...rest: unknown[]) => unknown;

/**
 * Returns the service. Its methods tell the handler when a client has left or reads too slowly,
 * which the SDK's service does not.
 */
export function connectionService<Service extends object>(
  service: Service,
  entropy: Entropy,
  clock: Clock,
): Service {
  const methods = Object.entries(service as Record<string, Method>).map(([name, method]) => {
    const tracked: Method = (call, ...rest) => {
      const connection = grpcConnection(call, entropy.id(), clock);
      const [callback, ...others] = rest;
      if (typeof callback !== 'function') {
        detailStream(call, connection);
        return method.call(service, call, ...rest);
      }
      const answered = detailing(callback as Callback, call, connection);
      return method.call(service, call, answered, ...others);
    };
    return [name, tracked];
  });
  return Object.fromEntries(methods) as Service;
}
