import { pushNotificationStoreSuite, taskStoreSuite } from '@a2a-aws/testkit';
import { InMemoryPushNotificationStore, InMemoryTaskStore } from '@a2a-js/sdk/server';
import { DatabasePushNotificationStore, DatabaseTaskStore } from '@a2a-js/sdk/server/database';
import { vi } from 'vitest';
import {
  DATABASE_PUSH_NOTIFICATION_STORE,
  DATABASE_TASK_STORE,
  IN_MEMORY_PUSH_NOTIFICATION_STORE,
  IN_MEMORY_TASK_STORE,
} from './fixtures/sdk-store-capabilities.ts';
import { sqlDatabase } from './fixtures/sql-database.ts';

// Many requests: a machine under load may take its time.
vi.setConfig({ testTimeout: 60_000 });

taskStoreSuite("The SDK's InMemoryTaskStore", IN_MEMORY_TASK_STORE, async () => {
  const store = new InMemoryTaskStore();
  return { open: () => store, dispose: async () => {} };
});

taskStoreSuite("The SDK's DatabaseTaskStore", DATABASE_TASK_STORE, async () => {
  const db = await sqlDatabase();
  return { open: () => new DatabaseTaskStore(db), dispose: () => db.destroy() };
});

pushNotificationStoreSuite(
  "The SDK's InMemoryPushNotificationStore",
  IN_MEMORY_PUSH_NOTIFICATION_STORE,
  async () => {
    const store = new InMemoryPushNotificationStore();
    return { open: () => store, dispose: async () => {} };
  },
);

pushNotificationStoreSuite(
  "The SDK's DatabasePushNotificationStore",
  DATABASE_PUSH_NOTIFICATION_STORE,
  async () => {
    const db = await sqlDatabase();
    return { open: () => new DatabasePushNotificationStore(db), dispose: () => db.destroy() };
  },
);
