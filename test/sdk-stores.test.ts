import { pushNotificationStoreSuite, taskStoreSuite } from '@a2a-aws/testkit';
import { InMemoryPushNotificationStore, InMemoryTaskStore } from '@a2a-js/sdk/server';
import { DatabasePushNotificationStore, DatabaseTaskStore } from '@a2a-js/sdk/server/database';
import { sqlDatabase } from './fixtures/sql-database.ts';

taskStoreSuite(
  "The SDK's InMemoryTaskStore",
  {
    save: 'replaces',
    end: 'open',
    requests: 'trusted',
    history: 'whole',
    times: 'texts',
    pages: 'breaking',
    pageTokens: 'loose',
    deletion: 'none',
  },
  async () => {
    const store = new InMemoryTaskStore();
    return { open: () => store, dispose: async () => {} };
  },
);

taskStoreSuite(
  "The SDK's DatabaseTaskStore",
  {
    save: 'replaces',
    end: 'open',
    requests: 'trusted',
    history: 'omitted',
    pages: 'repeating',
    pageTokens: 'loose',
    values: 'json',
    ids: 'mangled',
    deletion: 'none',
  },
  async () => {
    const db = await sqlDatabase();
    return { open: () => new DatabaseTaskStore(db), dispose: () => db.destroy() };
  },
);

pushNotificationStoreSuite("The SDK's InMemoryPushNotificationStore", {}, async () => {
  const store = new InMemoryPushNotificationStore();
  return { open: () => store, dispose: async () => {} };
});

pushNotificationStoreSuite(
  "The SDK's DatabasePushNotificationStore",
  { order: 'none', unnamed: 'refused', fields: 'scope', ids: 'mangled' },
  async () => {
    const db = await sqlDatabase();
    return { open: () => new DatabasePushNotificationStore(db), dispose: () => db.destroy() };
  },
);
