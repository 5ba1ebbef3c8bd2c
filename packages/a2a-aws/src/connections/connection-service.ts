import type { Clock, Entropy } from '@a2a-aws/core';
import type { GrpcCall } from './answer.ts';
import { grpcConnection } from './connection.ts';

/** A method of a gRPC service; besides the call it gets the callback for its answer, if that is one. */
type Method = (call: GrpcCall, ...rest: unknown[]) => unknown;

/**
 * The service, whose methods let the handler know what the SDK's service does not tell it: that a
 * client has left, and that it does not keep up.
 */
export function connectionService<Service extends object>(
  service: Service,
  entropy: Entropy,
  clock: Clock,
): Service {
  const methods = Object.entries(service as Record<string, Method>).map(([name, method]) => {
    const tracked: Method = (call, ...rest) => {
      grpcConnection(call, entropy.id(), clock);
      return method.call(service, call, ...rest);
    };
    return [name, tracked];
  });
  return Object.fromEntries(methods) as Service;
}
