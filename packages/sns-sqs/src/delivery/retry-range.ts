import type { BackoffRange } from '@a2a-aws/core/internal';

/** The time between tries of a call to SNS or SQS. */
export const RETRY_RANGE: BackoffRange = { firstMs: 100, longestMs: 5_000 };
