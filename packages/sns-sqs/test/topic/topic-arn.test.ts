import { describe, expect, test } from 'vitest';
import { parseTopicArn, queueArn } from '../../src/topic/topic-arn.ts';

describe('parseTopicArn', () => {
  test.each([
    ['arn:aws:sns:eu-west-1:123456789012:events', 'arn:aws:sqs:eu-west-1:123456789012:q'],
    ['arn:aws-cn:sns:cn-north-1:123456789012:a_b', 'arn:aws-cn:sqs:cn-north-1:123456789012:q'],
    [
      'arn:aws-us-gov:sns:us-gov-west-1:000000000000:x',
      'arn:aws-us-gov:sqs:us-gov-west-1:000000000000:q',
    ],
  ])('%s gives the ARN of a queue beside it', (topic, queue) => {
    expect(queueArn(parseTopicArn(topic), 'q')).toBe(queue);
  });

  test.each([
    '',
    'events',
    'arn:aws:sqs:eu-west-1:123456789012:events',
    'arn:aws:sns:eu-west-1:12345678901:events',
    'arn:aws:sns::123456789012:events',
    'arn:aws:sns:eu-west-1:123456789012:',
    'arn:aws:sns:eu-west-1:123456789012:events:0f0f',
    'arn:aws:sns:eu-west-1:123456789012:events\n',
    'arn:aws:sns:eu-west-1:123456789012:events.fifo',
  ])('refuses %j', (arn) => {
    expect(() => parseTopicArn(arn)).toThrow(expect.objectContaining({ code: 'topic-mismatch' }));
  });
});
