import { AgentCard } from '@a2a-js/sdk';
import type { AgentExecutor } from '@a2a-js/sdk/server';
import { expect, test } from 'vitest';
import { createBackend, type RequestHandlerOptions } from '../src/index.ts';

test('a handler is refused what is to become of orphans if that is neither fail nor resume', () => {
  const backend = createBackend({
    tableName: 'tasks',
    fanout: 'polling',
    clientConfig: { region: 'eu-west-1' },
  });
  const executor: AgentExecutor = { execute: async () => {}, cancelTask: async () => {} };
  const options = { onOrphan: 'retry' } as unknown as RequestHandlerOptions;
  expect(() => backend.requestHandler(AgentCard.fromJSON({}), executor, options)).toThrow(
    expect.objectContaining({ code: 'configuration' }),
  );
});
