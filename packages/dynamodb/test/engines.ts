import { type LocalAws, startLocalAws } from '@a2a-aws/local';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, vi } from 'vitest';
import { createDynamoDBClient } from '../src/clients.ts';

/** What a test gets of a running engine. */
export interface Engine {
  readonly aws: LocalAws;
  readonly client: DynamoDBDocumentClient;
}

// The other engine is a binary for this one platform.
const hasDynoxide = process.platform === 'linux' && process.arch === 'x64';

/** Runs `tests` against each DynamoDB that comes from npm; they ask for the engine when they run. */
export function onEachEngine(tests: (name: string, engine: () => Engine) => void): void {
  // A machine under load may take its time.
  vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
  for (const name of ['dynoxide', 'dynalite'] as const) {
    describe.skipIf(name === 'dynoxide' && !hasDynoxide)(name, () => {
      let engine: Engine | undefined;

      beforeAll(async () => {
        const aws = await startLocalAws({ dynamodb: name });
        const { region, credentials, dynamodb } = aws.clientConfig;
        engine = { aws, client: createDynamoDBClient({ region, credentials, ...dynamodb }) };
      });

      afterAll(async () => {
        engine?.client.destroy();
        await engine?.aws.stop();
      });

      tests(name, () => {
        if (!engine) throw new Error('The engine has not started.');
        return engine;
      });
    });
  }
}
