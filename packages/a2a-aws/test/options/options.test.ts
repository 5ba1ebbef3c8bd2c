import { MemoryFanout } from '@a2a-aws/core';
import { describe, expect, test } from 'vitest';
import { type BackendOptions, resolveOptions } from '../../src/options/options.ts';

const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:events';
const TABLE = { A2A_TABLE_NAME: 'tasks' };

describe('the topics', () => {
  const topics = (topicArn: BackendOptions['topicArn'], inEnvironment?: string) =>
    resolveOptions({ topicArn }, { ...TABLE, A2A_TOPIC_ARN: inEnvironment }).topicArns;

  test('are one or several, in their order', () => {
    expect(topics(TOPIC)).toEqual([TOPIC]);
    expect(topics([`${TOPIC}-2`, TOPIC])).toEqual([`${TOPIC}-2`, TOPIC]);
  });

  test('are separated by commas in the environment, which an option goes before', () => {
    expect(topics(undefined, `${TOPIC},${TOPIC}-2`)).toEqual([TOPIC, `${TOPIC}-2`]);
    expect(topics(`${TOPIC}-3`, TOPIC)).toEqual([`${TOPIC}-3`]);
  });

  test.each([
    [undefined, undefined],
    [[], undefined],
    [undefined, ''],
    [undefined, `${TOPIC},`],
    [[TOPIC, 'events'], undefined],
  ])('are refused when they are %j and %j in the environment', (option, inEnvironment) => {
    expect(() => topics(option, inEnvironment)).toThrow(
      'Missing or malformed options: topicArn (A2A_TOPIC_ARN).',
    );
  });
});

describe('the fan-out', () => {
  const chosen = (options: BackendOptions, inEnvironment?: string) =>
    resolveOptions(options, { ...TABLE, A2A_FANOUT: inEnvironment }).fanout;

  test('is over a topic, unless it is chosen otherwise', () => {
    expect(chosen({ topicArn: TOPIC })).toBe('sns');
    expect(chosen({}, 'polling')).toBe('polling');
    expect(chosen({ fanout: 'direct' }, 'polling')).toBe('direct');
  });

  test('needs a topic only where it goes over one', () => {
    expect(chosen({ fanout: 'direct' })).toBe('direct');
    expect(chosen({ fanout: 'polling' })).toBe('polling');
    expect(() => chosen({ fanout: 'sns' })).toThrow('topicArn');
  });

  test('may be one of your own', () => {
    const fanout = new MemoryFanout(new Map());
    expect(chosen({ fanout })).toBe(fanout);
  });

  test.each(['', 'kinesis', 'SNS'])('is refused when the environment says %j', (name) => {
    expect(() => chosen({ topicArn: TOPIC }, name)).toThrow(
      'Missing or malformed options: fanout (A2A_FANOUT).',
    );
  });
});

test('content goes with the doorbells unless it must not', () => {
  const options = { topicArn: TOPIC, tableName: 'tasks' };
  expect(resolveOptions(options, {}).inlineContent).toBe(true);
  expect(resolveOptions({ ...options, inlineContent: false }, {}).inlineContent).toBe(false);
});
