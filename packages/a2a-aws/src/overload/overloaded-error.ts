import { BackendError } from '@a2a-aws/core';
import type { Overload } from './overload.ts';

/** The error of a message whose run an overloaded instance does not start. */
export class OverloadedError extends BackendError {
  readonly retryAfterSeconds: number;

  constructor({ retryAfterSeconds }: Overload) {
    super('overloaded', 'This instance has more work than it can handle.');
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
