import { A2AError } from '@a2a-js/sdk/errors';
import type { ErrorInfo } from './grpc-status-details.ts';

export const MISMATCH_REASON = 'TASK_GENERATION_MISMATCH';
/** The code of JSON-RPC. */
export const MISMATCH_CODE: number = -32010;
/** gRPC's ABORTED. */
const ABORTED = 10;

/** The generations that a message's sender expected and that its task has. */
export interface GenerationMismatch {
  readonly taskId: string;
  readonly expectedGeneration: number;
  readonly currentGeneration: number;
}

/**
 * A2A 1.1's error for a message whose task has changed since its sender saw it. The SDK does not know it:
 * it takes the statuses of HTTP and gRPC from an error of its own transport.
 */
export class TaskGenerationMismatchError extends A2AError {
  override readonly reason: string = MISMATCH_REASON;
  readonly transport: 'rest' | 'grpc';
  readonly status: number = ABORTED;
  readonly statusCode: number = 409;

  constructor(transport: 'rest' | 'grpc', mismatch: GenerationMismatch) {
    const metadata = Object.fromEntries(
      Object.entries(mismatch).map(([name, value]) => [name, `${value}`]),
    );
    super({ message: 'The task has changed since the sender saw it.', metadata });
    this.transport = transport;
  }
}

/** Returns the details of the error over gRPC. */
export function mismatchInfo({ metadata = {} }: TaskGenerationMismatchError): ErrorInfo {
  return { reason: MISMATCH_REASON, domain: 'a2a-protocol.org', metadata };
}
