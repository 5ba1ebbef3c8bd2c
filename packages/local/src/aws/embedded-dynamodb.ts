import { BackendError } from '@a2a-aws/core';
import { startDynalite } from './dynalite.ts';
import { dynoxideBinary, startDynoxide } from './dynoxide.ts';
import type { EmbeddedService } from './embedded-service.ts';

/**
 * The program that acts as DynamoDB.
 *
 * - `dynoxide`: a static binary, linux-x64 only
 * - `dynalite`: JavaScript, every platform; no transactions, no TTL, no ALL_OLD on a failed condition
 */
export type DynamoDbEngine = 'dynoxide' | 'dynalite';

/**
 * Starts the engine asked for, else dynoxide where its binary is installed and dynalite elsewhere.
 *
 * @throws BackendError `configuration` when there is no such engine here, or it does not run;
 * `unreachable` when it does not get ready.
 */
export function startDynamoDb(engine?: DynamoDbEngine): Promise<EmbeddedService> {
  switch (engine) {
    case 'dynalite':
      return startDynalite();
    case 'dynoxide':
    case undefined: {
      const binary = dynoxideBinary();
      if (binary !== undefined) return startDynoxide(binary);
      if (engine === undefined) return startDynalite();
      return refuse('dynoxide is not installed on this machine; dynalite runs everywhere.');
    }
    default:
      return refuse('The DynamoDB engine must be dynoxide or dynalite.');
  }
}

function refuse(message: string): Promise<never> {
  return Promise.reject(new BackendError('configuration', message));
}
