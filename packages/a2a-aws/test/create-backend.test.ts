import { AgentCard } from '@a2a-js/sdk';
import type { AgentExecutor } from '@a2a-js/sdk/server';
import { expect, test } from 'vitest';
import {
  type BackendOptions,
  createBackend,
  type JanitorOptions,
  type RequestHandlerOptions,
  runJanitor,
} from '../src/index.ts';

const CARD = AgentCard.fromJSON({});
const EXECUTOR: AgentExecutor = { execute: async () => {}, cancelTask: async () => {} };

const polling = { tableName: 'tasks', fanout: 'polling', clientConfig: { region: 'eu-west-1' } };

test.each([
  [
    { ...polling, tabelName: 'x' },
    'createBackend has no option tabelName; did you mean tableName?',
  ],
  [{ ...polling, env: {}, stop: 1 }, 'createBackend has no option env'],
])('createBackend refuses a name that is no option: %#', (options, message) => {
  expect(() => createBackend(options as BackendOptions)).toThrow(
    expect.objectContaining({ code: 'configuration', message: expect.stringContaining(message) }),
  );
});

test('createBackend takes a LocalAws as it is', () => {
  const aws = { ...polling, env: { A2A_TABLE_NAME: 'tasks' }, stop: async () => {} };
  expect(() => createBackend({ ...aws } as BackendOptions)).not.toThrow();
});

test('runJanitor refuses a name that is no option', async () => {
  const options = { ...polling, minQueueAge: 1 } as JanitorOptions;
  await expect(runJanitor(options)).rejects.toThrow('did you mean minQueueAgeMs?');
});

test.each([
  ['an option', CARD, EXECUTOR, { onOrphn: 'resume' }, 'onOrphn; did you mean onOrphan?'],
  [
    'an extended card',
    CARD,
    EXECUTOR,
    { extendedAgentCardProvider: 5 },
    'must be an agent card, or',
  ],
  ['a signer', CARD, EXECUTOR, { agentCardSignatureGenerator: {} }, 'must be a function'],
  ['a store', CARD, EXECUTOR, { pushNotificationStore: {} }, 'with save, load and delete'],
  ['a sender', CARD, EXECUTOR, { pushNotificationSender: {} }, 'PushNotificationSender with send'],
  ['a class', CARD, class {}, {}, 'executor must be an AgentExecutor with execute(requestContext'],
  ['a method', CARD, { execute: async () => {} }, {}, 'and cancelTask(taskId, eventBus)'],
  ['no executor', CARD, undefined, {}, 'executor must be an AgentExecutor'],
  ['no card', undefined, EXECUTOR, {}, 'agentCard must be the A2A agent card'],
])('a handler refuses invalid arguments: %s', (_, card, executor, options, message) => {
  const backend = createBackend(polling as BackendOptions);
  const made = () =>
    backend.requestHandler(card as AgentCard, executor as AgentExecutor, options as object);
  expect(made).toThrow(
    expect.objectContaining({ code: 'configuration', message: expect.stringContaining(message) }),
  );
});

test('a handler refuses an onOrphan that is neither fail nor resume', () => {
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
