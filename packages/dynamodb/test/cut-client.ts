import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { createDynamoDBClient } from '../src/clients.ts';
import type { Engine } from './engines.ts';

/** A client whose process ends with a call: that call is done, or not, and none after it. */
export interface CutClient {
  readonly client: DynamoDBDocumentClient;
  /** True once the call was made: with a later one there is nothing more to cut. */
  readonly wasCut: () => boolean;
}

/** Cuts the `at`th call, counted from 0, and all that follow. `done`: it is still carried out. */
export function cutClient({ aws }: Engine, at: number, done: boolean): CutClient {
  const { region, credentials, dynamodb } = aws.clientConfig;
  const client = createDynamoDBClient({ region, credentials, ...dynamodb });
  let calls = 0;
  client.middlewareStack.add(
    (next) => async (args) => {
      const call = calls++;
      if (call < at) return next(args);
      if (call === at && done) await next(args);
      throw new Error('cut');
    },
    { step: 'initialize', priority: 'high' },
  );
  return { client, wasCut: () => calls > at };
}
