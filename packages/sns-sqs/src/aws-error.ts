import { BackendError, type BackendErrorCode } from '@a2a-aws/core';
import { callDetails, serviceErrorNames, serviceFault } from '@a2a-aws/core/internal';

const TEXT = {
  'access-denied': 'AWS refused the credentials, or they lack a permission.',
  'topic-not-found': 'The topic does not exist.',
  'credentials-missing': 'There are no AWS credentials now, or they have expired.',
  throttled: 'SNS or SQS throttled the request.',
  unreachable: 'SNS or SQS did not answer, or could not serve the request now.',
  configuration: 'SNS or SQS refused the request as invalid.',
} as const;

/** Errors with a meaning of their own, by name. */
const KNOWN: ReadonlyMap<string, readonly [BackendErrorCode, string]> = new Map([
  ['NotFound', ['topic-not-found', TEXT['topic-not-found']]],
  ['NotFoundException', ['topic-not-found', TEXT['topic-not-found']]],
  ['QueueDoesNotExist', ['configuration', 'The queue does not exist.']],
  ['NonExistentQueue', ['configuration', 'The queue does not exist.']],
  ['QueueNameExists', ['name-taken', 'The queue exists, but was made with other attributes.']],
  [
    'QueueDeletedRecently',
    ['name-taken', 'A queue of this name was deleted less than 60 seconds ago.'],
  ],
  ...['FilterPolicyLimitExceeded', 'SubscriptionLimitExceeded'].flatMap((name) =>
    [name, `${name}Exception`].map((variant): [string, readonly [BackendErrorCode, string]] => [
      variant,
      ['topic-full', 'The topic has no room for another subscription with a filter policy.'],
    ]),
  ),
]);

/** True if the queue that was named does not exist. */
export function isQueueMissing(error: unknown): boolean {
  return serviceErrorNames(error).some(
    (name) => name === 'QueueDoesNotExist' || name === 'NonExistentQueue',
  );
}

/** True if the topic or subscription that was named does not exist. */
export function isNotFound(error: unknown): boolean {
  return serviceErrorNames(error).some(
    (name) => name === 'NotFound' || name === 'NotFoundException',
  );
}

/** True if a subscription with other attributes exists. Only the text of SNS's error tells. */
export function isOtherwiseSubscribed(error: unknown): boolean {
  return (
    serviceErrorNames(error).some((name) => name.startsWith('InvalidParameter')) &&
    error instanceof Error &&
    error.message.includes('already exists with different attributes')
  );
}

/** Translates an error of an AWS SDK client. The original is the `cause`. */
export function awsError(error: unknown): BackendError {
  if (error instanceof BackendError) return error;
  const [code, text] = classify(error);
  return new BackendError(code, text, { cause: error, details: callDetails(error) });
}

function classify(error: unknown): readonly [BackendErrorCode, string] {
  const known = serviceErrorNames(error)
    .map((name) => KNOWN.get(name))
    .find((entry) => entry !== undefined);
  if (known) return known;
  switch (serviceFault(error)) {
    case 'missing':
      return ['credentials-missing', TEXT['credentials-missing']];
    case 'throttled':
      return ['throttled', TEXT.throttled];
    case 'denied':
      return ['access-denied', TEXT['access-denied']];
    case 'passing':
      return ['unreachable', TEXT.unreachable];
    case 'refused':
      return ['configuration', TEXT.configuration];
    case 'unconfigured':
      return ['configuration', 'The AWS region is missing or malformed.'];
  }
}

/** Resolves to the answer of a call, or to `undefined` if `isDone` accepts its error. Rejects with a `BackendError`. */
export async function callAws<T>(answer: Promise<T>): Promise<T>;
export async function callAws<T>(
  answer: Promise<T>,
  isDone: (error: unknown) => boolean,
): Promise<T | undefined>;
export async function callAws<T>(
  answer: Promise<T>,
  isDone?: (error: unknown) => boolean,
): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isDone?.(error)) return undefined;
    throw awsError(error);
  }
}

/** Returns a value that an answer must contain. Throws `unreachable` if it is missing. */
export function required(value: string | undefined): string {
  if (value) return value;
  throw new BackendError(
    'unreachable',
    'The answer of SNS or SQS lacks the ARN or URL of the new resource.',
  );
}
