import type { Clock } from '@a2a-aws/core';
import { sleep } from '@a2a-aws/core/internal';
import {
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';

/** The pause between two polls in the known design of an SNS queue manager, in milliseconds. */
const POLL_INTERVAL_MS = 1_000;
const MAX_MESSAGES = 10;

/**
 * The receive loop of the known design, reduced: at most ten messages a poll, then a pause of a
 * second whether or not there are more.
 */
export async function receiveSleeping(
  sqs: Pick<SQSClient, 'send'>,
  queueUrl: string,
  clock: Clock,
  signal: AbortSignal,
  onMessage: (body: string) => void,
): Promise<void> {
  while (!signal.aborted) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: MAX_MESSAGES }),
    );
    for (const { Body = '' } of Messages) onMessage(Body);
    if (Messages.length > 0) {
      await sqs.send(
        new DeleteMessageBatchCommand({
          QueueUrl: queueUrl,
          Entries: Messages.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle })),
        }),
      );
    }
    await sleep(clock, POLL_INTERVAL_MS, signal);
  }
}
