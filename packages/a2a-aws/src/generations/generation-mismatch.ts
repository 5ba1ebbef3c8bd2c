import { type OpenLog, wireGeneration } from '@a2a-aws/core/internal';
import type { ServerCallContext } from '@a2a-js/sdk/server';
import { connectionOf } from '../connections/connection.ts';
import { TaskGenerationMismatchError } from '../connections/task-generation-mismatch.ts';

/** Returns the error for a sender that expected another generation of the task, in the form of its binding. */
export function generationMismatch(
  { log }: OpenLog,
  expectedGeneration: number,
  context: ServerCallContext,
): TaskGenerationMismatchError {
  const connection = connectionOf(context);
  const error = new TaskGenerationMismatchError(connection?.transport ?? 'grpc', {
    taskId: log.key.taskId,
    expectedGeneration,
    currentGeneration: wireGeneration(log.state),
  });
  connection?.addDetails(error);
  return error;
}
