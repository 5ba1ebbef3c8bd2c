import { describe, expect, test } from 'vitest';
import {
  callDetails,
  type ServiceFault,
  serviceFault,
  tracedClient,
} from '../src/service-error.ts';

const fault = (name: string, httpStatusCode = 400, message = 'text from AWS'): Error =>
  Object.assign(new Error(message), {
    name,
    $metadata: { httpStatusCode, requestId: 'f1e2d3c4-0000', attempts: 3 },
  });

const NAMES: Readonly<Record<Exclude<ServiceFault, 'unconfigured'>, readonly string[]>> = {
  missing: [
    'CredentialsProviderError',
    'ProviderError',
    'TokenProviderError',
    'ExpiredToken',
    'ExpiredTokenException',
    'RequestExpired',
    'IDPCommunicationError',
  ],
  denied: [
    'AccessDenied',
    'AccessDeniedException',
    'AuthorizationError',
    'AuthorizationErrorException',
    'InvalidClientTokenId',
    'UnrecognizedClientException',
    'SignatureDoesNotMatch',
    'InvalidSignatureException',
    'IncompleteSignature',
    'MissingAuthenticationToken',
    'NotAuthorized',
    'OptInRequired',
    'KMSAccessDeniedException',
    'KmsAccessDenied',
  ],
  throttled: [
    'ThrottlingException',
    'Throttling',
    'ThrottledException',
    'RequestThrottled',
    'RequestThrottledException',
    'KMSThrottlingException',
    'KmsThrottled',
    'ProvisionedThroughputExceededException',
    'RequestLimitExceeded',
    'TooManyRequestsException',
    'OverLimit',
    'SlowDown',
  ],
  passing: [
    'InternalServerError',
    'InternalError',
    'InternalErrorException',
    'InternalFailure',
    'ServiceUnavailable',
    'ServiceUnavailableException',
    'TimeoutError',
    'RequestTimeout',
    'ConcurrentAccess',
    'TransactionConflictException',
  ],
  refused: ['ValidationException', 'InvalidParameterValue', 'ResourceInUseException'],
};

describe('serviceFault', () => {
  for (const [kind, names] of Object.entries(NAMES)) {
    test.each(names)(`calls %s ${kind}`, (name) => {
      expect(serviceFault(fault(name))).toBe(kind);
    });
  }
});

describe('callDetails', () => {
  test('has the name, the request id and the attempts, but no text', () => {
    const details = callDetails(fault('ThrottlingException'));
    expect(details).toEqual({
      operation: undefined,
      cause: 'ThrottlingException',
      requestId: 'f1e2d3c4-0000',
      attempts: 3,
    });
  });

  test('has the code of a failed connection', () => {
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    expect(callDetails(refused).cause).toBe('ECONNREFUSED');
  });

  test.each([
    ['a name', fault('marker <script>')],
    ['a request id', Object.assign(fault('X'), { $metadata: { requestId: 'marker\n{}' } })],
    ['attempts', Object.assign(fault('X'), { $metadata: { attempts: 'marker' } })],
    ['a code', Object.assign(new Error('x'), { code: 'marker' })],
  ])('refuses %s of another form', (_, error) => {
    expect(JSON.stringify(callDetails(error))).not.toContain('marker');
  });

  test.each([null, undefined, 'text', 7])('knows nothing of %s', (thrown) => {
    expect(callDetails(thrown)).toEqual({});
  });

  const user = 'User: arn:aws:sts::123456789012:assumed-role/agent/i-1';
  const table = 'arn:aws:dynamodb:eu-west-1:123456789012:table/a2a';
  test.each([
    [
      `${user} is not authorized to perform: dynamodb:PutItem on resource: ${table} because no identity-based policy allows the dynamodb:PutItem action`,
      { action: 'dynamodb:PutItem', resource: table },
    ],
    [
      `${user} is not authorized to perform: SNS:Publish on resource: ${table}.`,
      { action: 'SNS:Publish', resource: table },
    ],
    [`${user} is not authorized to perform: sqs:createqueue`, { action: 'sqs:createqueue' }],
  ])('reads the denied permission: %s', (message, denied) => {
    expect(callDetails(fault('AccessDeniedException', 400, message))).toMatchObject(denied);
  });

  test.each([
    `marker ${user} is not authorized to perform: dynamodb:PutItem`,
    `${user} is not authorized to perform: marker`,
    `${user} is not authorized to perform: dynamodb:Put<marker>`,
    `${user} is not authorized to perform: dynamodb:PutItem on resource: marker`,
  ])('reads nothing else: %s', (message) => {
    const details = callDetails(fault('AccessDeniedException', 400, message));
    expect(JSON.stringify(details)).not.toContain('marker');
  });
});

describe('tracedClient', () => {
  class Client {
    readonly #answer: Error;
    destroyed = 0;
    constructor(answer: Error) {
      this.#answer = answer;
    }
    send(_command: unknown): Promise<never> {
      return Promise.reject(this.#answer);
    }
    destroy(): void {
      this.destroyed += 1;
    }
  }

  test('lets an error name its operation, also one of the document client', async () => {
    const error = fault('ThrottlingException');
    const client = tracedClient(new Client(error));
    const command = { clientCommand: { schema: [9, 'com.amazonaws.dynamodb', 'PutItem'] } };
    await expect(client.send(command)).rejects.toBe(error);
    expect(callDetails(error).operation).toBe('PutItem');
  });

  test('takes any client and any command', async () => {
    const error = new Error('x');
    for (const command of [undefined, 7, {}, { schema: [9, 'x', 'marker <script>'] }]) {
      await expect(tracedClient(Object.freeze(new Client(error))).send(command)).rejects.toBe(
        error,
      );
      expect(callDetails(error).operation).toBeUndefined();
    }
  });
});
