import { taskStoreSuite } from '@a2a-aws/testkit';
import { resolveUserScope } from '@a2a-js/sdk/server';
import { vi } from 'vitest';
import { MemoryLogStorage } from '../../src/memory/memory-log-storage.ts';
import { DEFAULT_RETENTION_MS } from '../../src/model/retention.ts';
import { systemClock } from '../../src/ports/clock.ts';
import { systemEntropy } from '../../src/ports/entropy.ts';
import { silentLogger } from '../../src/ports/logger.ts';
import { LogTaskStore } from '../../src/stores/log-task-store.ts';

// Many requests: a machine under load may take its time.
vi.setConfig({ testTimeout: 60_000 });

taskStoreSuite('LogTaskStore on MemoryLogStorage', {}, async () => {
  const storage = new MemoryLogStorage();
  return {
    open: () =>
      new LogTaskStore({
        storage,
        scopeOf: (context) => ({
          tenant: context.tenant ?? '',
          owner: resolveUserScope(context),
        }),
        logger: silentLogger,
        clock: systemClock,
        entropy: systemEntropy,
        retentionMs: DEFAULT_RETENTION_MS,
      }),
    dispose: async () => {},
  };
});
