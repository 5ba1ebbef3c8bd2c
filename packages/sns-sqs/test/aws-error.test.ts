import { BackendError } from '@a2a-aws/core';
import { isPassingName } from '@a2a-aws/core/internal';
import { describe, expect, test } from 'vitest';
import { awsError, isNotFound, isQueueMissing } from '../src/aws-error.ts';
import { awsFault } from './fixtures/stubs.ts';

const network = (code: string): Error => Object.assign(new Error(`connect ${code}`), { code });

describe('awsError', () => {
  test.each([
    ['access-denied', awsFault('AccessDenied', 403)],
    ['access-denied', awsFault('AccessDeniedException', 400)],
    ['access-denied', awsFault('AuthorizationErrorException', 403)],
    ['access-denied', awsFault('AuthorizationError', 403)],
    ['access-denied', awsFault('InvalidClientTokenId', 403)],
    ['access-denied', awsFault('UnrecognizedClientException', 400)],
    ['access-denied', awsFault('SignatureDoesNotMatch', 403)],
    ['credentials-missing', awsFault('ExpiredToken', 403)],
    ['credentials-missing', awsFault('ExpiredTokenException', 400)],
    ['credentials-missing', awsFault('CredentialsProviderError', 0)],
    ['access-denied', awsFault('KMSAccessDeniedException', 400)],
    ['access-denied', awsFault('KmsAccessDenied', 400)],
    ['access-denied', awsFault('SomethingNew', 403)],
    ['topic-not-found', awsFault('NotFoundException', 404)],
    ['topic-not-found', awsFault('NotFound', 404)],
    ['unreachable', network('ECONNREFUSED')],
    ['unreachable', network('ENOTFOUND')],
    ['unreachable', Object.assign(new Error('late'), { name: 'TimeoutError', code: 'ETIMEDOUT' })],
    ['throttled', awsFault('ThrottledException', 429)],
    ['throttled', awsFault('Throttling', 400)],
    ['throttled', awsFault('RequestThrottled', 403)],
    ['throttled', awsFault('KMSThrottlingException', 400)],
    ['throttled', awsFault('OverLimit', 403)],
    ['unreachable', awsFault('InternalErrorException', 500)],
    ['unreachable', awsFault('SomethingNew', 503)],
    ['name-taken', awsFault('QueueDeletedRecently', 400)],
    ['name-taken', awsFault('QueueNameExists', 400)],
    ['name-taken', awsFault('AWS.SimpleQueueService.QueueNameExists', 400)],
    ['configuration', awsFault('QueueDoesNotExist', 400)],
    ['topic-full', awsFault('FilterPolicyLimitExceededException', 403)],
    ['topic-full', awsFault('SubscriptionLimitExceeded', 403)],
    ['configuration', awsFault('InvalidParameterException', 400)],
    ['configuration', new Error('Region is missing')],
    ['unreachable', 'no error at all'],
    ['unreachable', undefined],
  ])('returns %s for %s', (code, cause) => {
    const error = awsError(cause);
    expect(error).toBeInstanceOf(BackendError);
    expect(error.code).toBe(code);
    expect(error.cause).toBe(cause);
  });

  test('repeats no text of AWS', () => {
    expect(awsError(awsFault('InvalidParameterException')).message).not.toContain('text from AWS');
    expect(awsError(awsFault('Whatever<script>', 418)).message).not.toContain('script');
  });

  test('leaves a coded error as it is', () => {
    const error = new BackendError('sealed', 'It is over.');
    expect(awsError(error)).toBe(error);
  });
});

test('a missing queue has many names', () => {
  expect(isQueueMissing(awsFault('QueueDoesNotExist'))).toBe(true);
  expect(isQueueMissing(awsFault('NonExistentQueue'))).toBe(true);
  expect(isQueueMissing(awsFault('AWS.SimpleQueueService.NonExistentQueue'))).toBe(true);
  expect(isQueueMissing(awsFault('AWS.SimpleQueueService.QueueDoesNotExist'))).toBe(true);
  const byCode = { Code: 'AWS.SimpleQueueService.NonExistentQueue' };
  expect(isQueueMissing(awsFault('SQSServiceException', 400, byCode))).toBe(true);
  expect(isQueueMissing(awsFault('QueueNameExists'))).toBe(false);
  expect(isQueueMissing(new Error('QueueDoesNotExist'))).toBe(false);
});

test('not found is about topics and subscriptions', () => {
  expect(isNotFound(awsFault('NotFoundException', 404))).toBe(true);
  expect(isNotFound(awsFault('QueueDoesNotExist', 404))).toBe(false);
});

test('some codes of failed entries are worth another try', () => {
  expect(isPassingName('InternalError')).toBe(true);
  expect(isPassingName('ThrottledException')).toBe(true);
  expect(isPassingName('InvalidParameter')).toBe(false);
  expect(isPassingName(undefined)).toBe(false);
});
