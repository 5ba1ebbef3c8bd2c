import { logStorageSuite } from '@a2a-aws/testkit';
import { MemoryLogStorage } from '../../src/log/memory-storage.ts';

logStorageSuite('MemoryLogStorage', async () => ({
  storage: new MemoryLogStorage(),
  dispose: async () => {},
}));
