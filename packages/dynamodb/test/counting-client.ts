import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { createDynamoDBClient } from '../src/clients.ts';
import type { Engine } from './engines.ts';

/** A client that tells what it was asked, and waits before each call for what a test does then. */
export interface CountingClient {
  readonly client: DynamoDBDocumentClient;
  /** Names of the commands so far, without `Command`. */
  readonly calls: string[];
  /** The most calls that were under way at once. */
  readonly most: () => number;
  /** The longest chain of calls of which each began after another had ended. */
  readonly roundTrips: () => number;
}

export function countingClient(
  { aws }: Engine,
  before: (call: number) => Promise<void> = async () => {},
): CountingClient {
  const { region, credentials, dynamodb } = aws.clientConfig;
  const client = createDynamoDBClient({ region, credentials, ...dynamodb });
  const calls: string[] = [];
  let [now, most, deepest] = [0, 0, 0];
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        calls.push(commandName.replace('Command', ''));
        now += 1;
        most = Math.max(most, now);
        const depth = deepest + 1;
        try {
          await before(calls.length);
          return await next(args);
        } finally {
          now -= 1;
          deepest = Math.max(deepest, depth);
        }
      },
    { step: 'initialize', priority: 'high' },
  );
  return { client, calls, most: () => most, roundTrips: () => deepest };
}
