import { TaskPushNotificationConfig } from '@a2a-js/sdk';
import { InMemoryPushNotificationStore, ServerCallContext } from '@a2a-js/sdk/server';
import { expect, test } from 'vitest';
import { LATEST_ONLY_PUSHES } from '../../src/pushes/latest-only.ts';
import { type PushingSend, sentPushStore } from '../../src/pushes/logged-push-store.ts';

/** Saves a configuration of a message with this context. */
async function sent(context: ServerCallContext, id = ''): Promise<PushingSend> {
  const send: PushingSend = { push: undefined };
  const config = TaskPushNotificationConfig.fromJSON({ url: 'https://receiver.test', id });
  await sentPushStore(new InMemoryPushNotificationStore(), send).save('task-1', context, config);
  return send;
}

test.each([
  [undefined, '0.3'],
  ['1.0', '1.0'],
  ['1.1', '1.0'],
  ['0.3', '0.3'],
  ['0.3.0', '0.3'],
  ['0.30', '1.0'],
  ['x'.repeat(10_000), '1.0'],
])('the version %s of a request is noted as %#', async (requestedVersion, version) => {
  const context = new ServerCallContext(requestedVersion === undefined ? {} : { requestedVersion });
  expect((await sent(context)).push?.terms?.version).toBe(version);
});

test('a configuration without an id is named like its task', async () => {
  expect((await sent(new ServerCallContext({}))).push?.config).toBe('task-1');
  expect((await sent(new ServerCallContext({}), 'own')).push?.config).toBe('own');
});

test('the extension of latest events is noted, and activated', async () => {
  const context = new ServerCallContext({ requestedExtensions: [LATEST_ONLY_PUSHES] });
  expect((await sent(context)).push?.terms?.latestOnly).toBe(true);
  expect(context.activatedExtensions).toContain(LATEST_ONLY_PUSHES);
  expect((await sent(new ServerCallContext({}))).push?.terms?.latestOnly).toBe(false);
});
