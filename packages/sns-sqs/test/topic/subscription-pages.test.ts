import { flush, TestClock } from '@a2a-aws/testkit/fakes';
import { ListSubscriptionsByTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { expect, test } from 'vitest';
import { SubscriptionPages } from '../../src/topic/subscription-pages.ts';

const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:events';

test('all callers together read no more pages a second than SNS allows', async () => {
  const clock = new TestClock(0);
  const sns = mockClient(SNSClient);
  sns.on(ListSubscriptionsByTopicCommand).callsFake(async ({ NextToken: at = '1' }) => ({
    Subscriptions: [{ Endpoint: at, SubscriptionArn: `${TOPIC}:${at}` }],
    NextToken: at === '3' ? undefined : `${Number(at) + 1}`,
  }));
  const calls = () => sns.commandCalls(ListSubscriptionsByTopicCommand).length;
  const pages = new SubscriptionPages(new SNSClient({}), TOPIC, clock);
  const endpoints = async (): Promise<string[]> => {
    const found: string[] = [];
    for await (const { endpoint } of pages.all()) found.push(endpoint);
    return found;
  };
  const asked = [endpoints(), endpoints()];
  await flush();
  expect(calls()).toBe(1);
  for (let call = 2; call <= 6; call += 1) {
    await clock.advance(49);
    expect(calls()).toBe(call - 1);
    await clock.advance(1);
    expect(calls()).toBe(call);
  }
  expect(await Promise.all(asked)).toEqual(Array(2).fill(['1', '2', '3']));
});
