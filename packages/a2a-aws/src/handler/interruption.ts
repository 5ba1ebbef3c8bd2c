import { BackendError } from '@a2a-aws/core';
import type { Instance } from '@a2a-aws/core/internal';

/** Returns the error for a caller whose wait ended because its instance no longer serves. */
export function interruption(instance: Instance): Error {
  try {
    instance.assertReady();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  return new BackendError('draining', 'This instance stopped first.');
}
