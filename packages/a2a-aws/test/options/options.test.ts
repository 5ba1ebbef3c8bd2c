import { hostname } from 'node:os';
import { type LeaseSettings, MemoryFanout } from '@a2a-aws/core';
import { describe, expect, expectTypeOf, test } from 'vitest';
import type { BackendOptions } from '../../src/options/backend-options.ts';
import { instanceName } from '../../src/options/instance-name.ts';
import { type BackendSettings, resolveOptions } from '../../src/options/options.ts';

const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:events';
const TABLE = { A2A_TABLE_NAME: 'tasks' };

test('settings have the types of the options, with the defaults filled in', () => {
  expectTypeOf<BackendSettings['tableName']>().toEqualTypeOf<string>();
  expectTypeOf<BackendSettings['retentionMs']>().toEqualTypeOf<number>();
  expectTypeOf<BackendSettings['ownerShards']>().toEqualTypeOf<number | undefined>();
  expectTypeOf<BackendSettings['retryDetection']>().toEqualTypeOf<'always' | 'auto' | 'never'>();
  expectTypeOf<BackendSettings['lease']>().toEqualTypeOf<LeaseSettings>();
  expectTypeOf<keyof BackendSettings & keyof BackendOptions>().toEqualTypeOf<
    Exclude<keyof BackendOptions, 'topicArn' | 'instanceId' | 'logLevel'>
  >();
});

describe('the topics', () => {
  const topics = (topicArn: BackendOptions['topicArn'], inEnvironment?: string) =>
    resolveOptions({ topicArn }, { ...TABLE, A2A_TOPIC_ARN: inEnvironment }).topicArns;

  test('are one or several, in their order', () => {
    expect(topics(TOPIC)).toEqual([TOPIC]);
    expect(topics([`${TOPIC}-2`, TOPIC])).toEqual([`${TOPIC}-2`, TOPIC]);
  });

  test('are separated by commas in the environment; an option takes precedence', () => {
    expect(topics(undefined, `${TOPIC},${TOPIC}-2`)).toEqual([TOPIC, `${TOPIC}-2`]);
    expect(topics(undefined, ` ${TOPIC}, ${TOPIC}-2\n`)).toEqual([TOPIC, `${TOPIC}-2`]);
    expect(topics(`${TOPIC}-3`, TOPIC)).toEqual([`${TOPIC}-3`]);
  });

  test.each([
    [undefined, undefined],
    [[], undefined],
    [undefined, ''],
    [undefined, `${TOPIC}, `],
    [undefined, `${TOPIC},`],
    [undefined, `,${TOPIC}`],
    [undefined, ','],
    [`${TOPIC},`, undefined],
    [[TOPIC, 'events'], undefined],
  ])('are refused when they are %j and %j in the environment', (option, inEnvironment) => {
    expect(() => topics(option, inEnvironment)).toThrow(
      'Missing or malformed options: topicArn (A2A_TOPIC_ARN) is the ARN of a topic of SNS, or several.',
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

  test('needs a topic only if it uses one', () => {
    expect(chosen({ fanout: 'direct' })).toBe('direct');
    expect(chosen({ fanout: 'polling' })).toBe('polling');
    expect(() => chosen({ fanout: 'sns' })).toThrow('topicArn');
  });

  test('may be one of your own', () => {
    const fanout = new MemoryFanout(new Map());
    expect(chosen({ fanout })).toBe(fanout);
  });

  test.each(['kinesis', 'SNS'])('is refused if the environment has %j', (name) => {
    expect(() => chosen({ topicArn: TOPIC }, name)).toThrow(
      'Missing or malformed options: fanout (A2A_FANOUT) is sns, direct, polling, or a Fanout.',
    );
  });
});

test('content is part of doorbells unless an option excludes it', () => {
  const options = { topicArn: TOPIC, tableName: 'tasks' };
  expect(resolveOptions(options, {}).inlineContent).toBe(true);
  expect(resolveOptions({ ...options, inlineContent: false }, {}).inlineContent).toBe(false);
});

describe('malformed options', () => {
  const good = { topicArn: TOPIC, tableName: 'tasks' };
  const resolved = (options: object) => () => resolveOptions({ ...good, ...options }, {});

  test.each([
    [{ tableName: 'x' }, 'tableName (A2A_TABLE_NAME) is the name or the ARN of a table'],
    [{ tableName: 'tasks\n' }, 'tableName (A2A_TABLE_NAME) is the name or the ARN of a table'],
    [{ tableName: 'arn:aws:sns:a:123456789012:t' }, 'is the name or the ARN of a table'],
    [{ clientConfig: { dynamodb: { endpoint: '' } } }, 'clientConfig.dynamodb.endpoint must be a'],
    [{ clientConfig: { sqs: { endpoint: '127.0.0.1:1' } } }, 'clientConfig.sqs.endpoint must be a'],
    [{ clientConfig: { sns: { endpoint: 5 } } }, 'clientConfig.sns.endpoint must be a URL'],
    [{ inlineContent: 'no' }, 'inlineContent is true or false'],
    [{ prefix: 'a b' }, 'prefix (A2A_PREFIX) is 1 to 32 of'],
    [{ instanceId: '...' }, 'instanceId is a text with a letter or a digit'],
    [{ instanceId: 5 }, 'instanceId is a text with a letter or a digit'],
    [{ clients: 5 }, 'clients are dynamodb, control, sns, sqs and polling, clients of the AWS SDK'],
    [{ clients: { sqs: {} } }, 'clients are dynamodb, control, sns, sqs and polling'],
    [
      { clients: { dynamoDB: { send() {} } } },
      'clients are dynamodb, control, sns, sqs and polling',
    ],
    [{ clientConfig: 'eu-west-1' }, 'The options of clientConfig must be an object'],
    [{ clientConfig: { endpoint: 'http://127.0.0.1:1' } }, 'as in clientConfig.dynamodb.endpoint'],
    [{ clientConfig: { regoin: 'eu-west-1' } }, 'regoin; did you mean region?'],
    [{ clientConfig: { sns: { endpiont: 'x' } } }, 'clientConfig.sns has no option endpiont'],
    [{ clientConfig: { region: '' } }, 'clientConfig.region (AWS_REGION) is the name of a region'],
    [{ clientConfig: { region: 'EU-WEST-1' } }, 'such as eu-west-1'],
    [{ clientConfig: { region: 'eu-west-1 ' } }, 'such as eu-west-1'],
    [{ clientConfig: { credentials: 'AKIA' } }, 'clientConfig.credentials are credentials of AWS'],
    [{ logger: 'console' }, 'logger has debug, info, warn and error'],
    [{ logger: { error() {} } }, 'logger has debug, info, warn and error'],
    [{ ownerResolver: 'name' }, 'ownerResolver is a function'],
    [{ cancelDeadlineMs: -1 }, 'cancelDeadlineMs is a whole number above 0'],
    [{ maxRecordDelayMs: 2000 }, 'maxRecordDelayMs is a whole number from 0 to 1000'],
    [{ retentionMs: 1000 }, 'retentionMs is a whole number from 86400000 (a day)'],
    [{ ownerShards: 65 }, 'ownerShards is a whole number from 1 to 64'],
    [{ lease: { beatMs: 5000, leaseMs: 6000 } }, 'leaseMs (twice beatMs or more)'],
    [{ lease: { beat: 1000 } }, 'lease has beatMs'],
    [{ deadLetterArn: 'dead' }, 'deadLetterArn (A2A_DEAD_LETTER_ARN) is the ARN of a queue'],
    [{ clock: 3 }, 'clock has now and after'],
    [{ entropy: 3 }, 'entropy has id and random'],
    [
      { compression: { deflate() {} } as never },
      'compression has deflate, inflate, deflateSync and inflateSync',
    ],
  ])('is refused with an error that contains the rule: %j', (options, rule) => {
    expect(resolved(options)).toThrow(rule);
  });

  test('is named with all else that is', () => {
    expect(resolved({ prefix: '', ownerShards: 0 })).toThrow(
      /^Missing or malformed options: prefix [^;]*; ownerShards [^;]*\.$/,
    );
  });

  test('is not repeated in the error', () => {
    expect(resolved({ prefix: '<script>' })).toThrow(/^((?!script).)*$/);
  });
});

test.each(['', ' '])('an environment variable that is %j counts as unset', (empty) => {
  const settings = { ...TABLE, A2A_FANOUT: 'polling' };
  const names = ['A2A_TOPIC_ARN', 'A2A_PREFIX', 'A2A_DEAD_LETTER_ARN'];
  const variables = Object.fromEntries(names.map((name) => [name, empty]));
  const resolved = resolveOptions({}, { ...settings, ...variables });
  expect(resolved).toMatchObject({ topicArns: [], prefix: 'a2a' });
  expect(resolved.deadLetterArn).toBeUndefined();
  expect(resolveOptions({ topicArn: TOPIC }, { ...TABLE, A2A_FANOUT: empty }).fanout).toBe('sns');
  expect(() => resolveOptions({ fanout: 'direct' }, { A2A_TABLE_NAME: empty })).toThrow(
    'tableName (A2A_TABLE_NAME)',
  );
});

describe('the region', () => {
  const region =
    (AWS_REGION: string, options: BackendOptions = {}) =>
    () =>
      resolveOptions({ topicArn: TOPIC, ...options }, { ...TABLE, AWS_REGION });

  test.each(['', 'eu west 1', 'eu-west-1/', 'EU-WEST-1', 'a.b'])(
    'of the environment is refused when it is %j',
    (name) => {
      expect(region(name)).toThrow(
        'clientConfig.region (AWS_REGION) is the name of a region, such as eu-west-1',
      );
    },
  );

  test('of the environment does not matter where it is not used', () => {
    const client = { send: async () => ({}) } as never;
    const clients = { dynamodb: client, sns: client, sqs: client, polling: client };
    expect(region('', { clientConfig: { region: 'eu-west-1' } })).not.toThrow();
    expect(region('', { clients })).not.toThrow();
  });
});

describe('the name of the instance', () => {
  const name = (options: BackendOptions, env = {}) =>
    resolveOptions({ topicArn: TOPIC, ...options }, { ...TABLE, ...env }).instanceName;

  test('is shortened when it is long', () => {
    expect(name({ instanceId: 'billing-agent-7d9f8b6c5-x2x4z' })).toBe('billing-agen-5-x2x4z');
  });

  test('is the host name by default', () => {
    expect(name({})).toBe(instanceName(hostname()) || 'i');
  });
});

describe('an endpoint in the environment', () => {
  const resolve = (env: Readonly<Record<string, string>>, options: BackendOptions = {}) =>
    resolveOptions({ topicArn: TOPIC, ...options }, { ...TABLE, ...env });

  test.each([
    ['AWS_ENDPOINT_URL', 'localhost:4566'],
    ['AWS_ENDPOINT_URL_SQS', 'http://'],
    ['AWS_ENDPOINT_URL_DYNAMODB', 'nonsense'],
  ])('is refused by the name of its variable: %s', (name, value) => {
    expect(() => resolve({ [name]: value })).toThrow(
      expect.objectContaining({
        code: 'configuration',
        message: `${name} must be a URL, such as http://127.0.0.1:8000.`,
      }),
    );
  });

  test('may have any value if no option reads it', () => {
    const clientConfig = {
      dynamodb: { endpoint: 'http://127.0.0.1:1' },
      sns: { endpoint: 'http://127.0.0.1:1' },
      sqs: { endpoint: 'http://127.0.0.1:1' },
    };
    const env = { AWS_ENDPOINT_URL: 'nonsense' };
    expect(resolve(env, { clientConfig }).clientConfig).toBe(clientConfig);
    expect(() => resolve({ AWS_ENDPOINT_URL: '' })).not.toThrow();
    const url = 'http://127.0.0.1:1';
    const names = ['DYNAMODB', 'SNS', 'SQS'].map((name) => [`AWS_ENDPOINT_URL_${name}`, url]);
    expect(() => resolve({ ...env, ...Object.fromEntries(names) })).not.toThrow();
  });
});
