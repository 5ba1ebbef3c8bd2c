import { GetQueueUrlCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { awsError, isQueueMissing } from '../aws-error.ts';

/**
 * Resolves with the URL of a queue of this account; `undefined` if there is none. Rejects with a
 * BackendError.
 */
export async function findQueueUrl(
  sqs: Pick<SQSClient, 'send'>,
  queueName: string,
): Promise<string | undefined> {
  try {
    return (await sqs.send(new GetQueueUrlCommand({ QueueName: queueName }))).QueueUrl;
  } catch (error) {
    if (isQueueMissing(error)) return undefined;
    throw awsError(error);
  }
}
