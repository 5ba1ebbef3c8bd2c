import { type OptionNames, rotateKeys } from '@a2a-aws/core/internal';
import { DynamoDBInstanceRegistry } from '@a2a-aws/dynamodb';
import { withCalls } from './options/aws-calls.ts';
import { resolveClients } from './options/aws-clients.ts';
import type { BackendOptions } from './options/backend-options.ts';
import { assertOptions } from './options/option-check.ts';
import { resolveOptions } from './options/options.ts';

/** The backend's options that name the fleet. Give the same values as to the servers. */
export type RotationOptions = Pick<
  BackendOptions,
  'tableName' | 'prefix' | 'clients' | 'clientConfig' | 'clock' | 'entropy'
>;

const OPTIONS: OptionNames<RotationOptions> = {
  tableName: true,
  prefix: true,
  clients: true,
  clientConfig: true,
  clock: true,
  entropy: true,
};

/**
 * Replaces the key that authenticates doorbells, while instances run, or completes an interrupted
 * rotation. Takes 6 minutes; resolves when the old key is gone from the table. Instances accept it
 * until they read the keys next, within a minute, or as long as they cannot read the table. Safe to
 * repeat, and to run twice at once. If a call fails, call it again.
 *
 * @throws {BackendError} `draining` if `signal` aborts; another code if a call of AWS fails.
 *
 * @example
 * ```ts
 * import { rotateDoorbellKey } from 'a2a-aws';
 *
 * await rotateDoorbellKey({ tableName: 'agents', prefix: 'a2a' });
 * ```
 */
export async function rotateDoorbellKey(
  options: RotationOptions = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
  assertOptions('rotateDoorbellKey', options, OPTIONS);
  // Only the table is needed.
  const settings = resolveOptions({ ...options, fanout: 'polling' }, process.env);
  const { tableName, prefix, clock, entropy } = settings;
  await withCalls(async (calls) => {
    const { dynamodb: client } = resolveClients(settings.clients, settings.clientConfig, calls);
    const keys = new DynamoDBInstanceRegistry({ client, tableName, prefix });
    await rotateKeys({ keys, clock, entropy, signal });
  });
}
