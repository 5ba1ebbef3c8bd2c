/**
 * The A2A extension with which a client creates a push configuration that wants only the latest events.
 * If several events wait for its receiver, such a configuration gets the last one, and those with which
 * the task ended or waits for input.
 *
 * @example
 * ```ts
 * import { LATEST_ONLY_PUSHES } from 'a2a-aws';
 *
 * const headers = { 'A2A-Extensions': LATEST_ONLY_PUSHES };
 * ```
 */
export const LATEST_ONLY_PUSHES: string =
  'https://github.com/a2a-aws/a2a-aws/extensions/latest-only-pushes/v1';
