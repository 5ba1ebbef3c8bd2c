import { logStorageSuite, taskLogSuite } from '@a2a-aws/testkit';
import { MemoryLogStorage } from '../../src/memory/memory-log-storage.ts';

for (const suite of [logStorageSuite, taskLogSuite]) {
  suite('MemoryLogStorage', async () => ({
    storage: new MemoryLogStorage(),
    dispose: async () => {},
  }));
}
