import {
  CreateQueueCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSnsSqs } from '../../src/aws/embedded-sns-sqs.ts';
import { CREDENTIALS, REGION } from '../../src/aws/local-client-config.ts';

let snsSqs: Awaited<ReturnType<typeof startSnsSqs>>;
let sqs: SQSClient;

beforeAll(async () => {
  snsSqs = await startSnsSqs();
  sqs = new SQSClient({ region: REGION, credentials: CREDENTIALS, endpoint: snsSqs.endpoint });
});

afterAll(async () => {
  sqs.destroy();
  await snsSqs.stop();
});

test('a queue has one URL, at the endpoint, that a client can follow', async () => {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'followed' }));
  expect(QueueUrl).toBe(`${snsSqs.endpoint}/000000000000/followed`);
  expect((await sqs.send(new GetQueueUrlCommand({ QueueName: 'followed' }))).QueueUrl).toBe(
    QueueUrl,
  );
  expect((await sqs.send(new ListQueuesCommand({}))).QueueUrls).toEqual([QueueUrl]);
  // A client given its endpoint in code ignores a URL's host; one given it by the environment does not.
  const follower = new SQSClient({ region: REGION, credentials: CREDENTIALS });
  await follower.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello' }));
  const { Messages } = await follower.send(new ReceiveMessageCommand({ QueueUrl }));
  expect(Messages?.map((message) => message.Body)).toEqual(['hello']);
  follower.destroy();
});
