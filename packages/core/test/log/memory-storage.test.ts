import { logStorageSuite, taskLogSuite } from '@a2a-aws/testkit';
import { MemoryLogStorage } from '../../src/log/memory-storage.ts';

for (const suite of [logStorageSuite, taskLogSuite]) {
  suite('MemoryLogStorage', async () => ({
    storage: new MemoryLogStorage(),
    dispose: async () => {},
  }));
}
