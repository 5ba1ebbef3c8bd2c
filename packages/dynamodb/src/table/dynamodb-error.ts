import { BackendError } from '@a2a-aws/core';
import { callDetails, serviceErrorNames, serviceFault } from '@a2a-aws/core/internal';

/**
 * Translates an error of a DynamoDB client, once, at the edge. The original is the `cause`. Source:
 * Amazon DynamoDB developer guide, "Error handling with DynamoDB".
 */
export function dynamoDBError(error: unknown): BackendError {
  if (error instanceof BackendError) return error;
  const options = { cause: error, details: callDetails(error) };
  const names = serviceErrorNames(error);
  if (names.includes('ResourceNotFoundException')) {
    return new BackendError('table-not-found', 'The table does not exist.', options);
  }
  if (names.includes('ValidationException') && isItemTooLarge(error)) {
    return new BackendError(
      'event-too-large',
      'The item is larger than the table can hold.',
      options,
    );
  }
  switch (serviceFault(error)) {
    case 'missing':
      return new BackendError(
        'credentials-missing',
        'There are no AWS credentials now, or they have expired.',
        options,
      );
    case 'denied':
      return new BackendError(
        'access-denied',
        'DynamoDB refused the credentials, or they lack a permission.',
        options,
      );
    case 'unconfigured':
      return new BackendError('configuration', 'The AWS region is missing or malformed.', options);
    case 'throttled':
      return new BackendError('throttled', 'DynamoDB throttled the request.', options);
    case 'passing':
      return new BackendError(
        'unreachable',
        'DynamoDB did not answer, or could not serve the request now.',
        options,
      );
    case 'refused':
      return new BackendError(
        'table-mismatch',
        'DynamoDB refused the request as invalid.',
        options,
      );
  }
}

/** The outcome of a call, its failure translated. */
export async function translated<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw dynamoDBError(error);
  }
}

/** True if the condition of a conditional write did not hold. */
export function isConditionFailed(error: unknown): boolean {
  return serviceErrorNames(error).includes('ConditionalCheckFailedException');
}

function isItemTooLarge(error: unknown): boolean {
  return error instanceof Error && /item size/i.test(error.message);
}
